import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A test that starts the simulator as a process may wait for a busy machine.
    testTimeout: 30_000,
  },
})
