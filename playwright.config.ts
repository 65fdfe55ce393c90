/** Browser tests: the same specs against the web host and, where its binary is installed, the desktop window. */
import { defineConfig } from '@playwright/test'
import type { LaunchOptions } from './test/e2e/fixtures.ts'

export default defineConfig<LaunchOptions>({
  testDir: 'test/e2e',
  outputDir: 'test-results',
  // each test starts an engine of its own, with its model: two at once fill a small machine
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 45_000 },
  reporter: process.env.CI ? [['list'], ['html', { open: 'never' }]] : 'list',
  projects: [
    { name: 'web', use: { host: 'web' } },
    { name: 'electron', use: { host: 'electron' } },
  ],
})
