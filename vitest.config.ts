import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // A machine with other work to do starts a worker in seconds.
    expect: { poll: { timeout: 30_000 } },
    include: ['test/{unit,integration,interop}/**/*.test.{ts,tsx}'],
    // Only for what hangs: real engines, models and processes take their time on a machine with other work to do.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
})
