import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // A machine with other work to do starts a worker in seconds.
    expect: { poll: { timeout: 30_000 } },
    include: ['test/{unit,integration,interop}/**/*.test.{ts,tsx}'],
    // Real engines, models and processes, on machines of two cores.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
