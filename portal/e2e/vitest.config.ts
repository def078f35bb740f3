import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.test.ts'],
    // Each file has a server of its own (browser.ts), so that files run side by side;
    // the stories of one file come one after the other: a stopped session is gone for the next.
    maxWorkers: 2,
    sequence: { concurrent: false },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
