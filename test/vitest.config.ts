import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Tests wait for events. How long one may take is a net for what hangs, not a measure: far more than a busy machine needs. */
const patienceMs = 300_000

/** By default one core stays free: on two cores half of the machine. */
const testProcesses = Math.max(2, availableParallelism() - 1)

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    pool: 'forks',
    maxWorkers: testProcesses,
    testTimeout: patienceMs,
    hookTimeout: patienceMs,
    teardownTimeout: patienceMs,
    expect: { poll: { timeout: patienceMs / 2, interval: 10 } },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { extends: true, test: { name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'redis-server', include: ['test/redis-server/**/*.test.ts'] },
      },
      { extends: true, test: { name: 'fargate', include: ['test/fargate/**/*.test.ts'] } },
      { extends: true, test: { name: 'cli', include: ['test/cli/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'examples', include: ['test/examples/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'tui',
          include: ['test/tui/**/*.test.{ts,tsx}'],
          globalSetup: ['test/tui/support/bundle.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            checker: 'tsc',
            tsconfig: 'test/tsconfig.json',
            include: ['test/types/**/*.test-d.ts'],
            // Type errors outside the type tests belong to `npm run check`.
            ignoreSourceErrors: true,
          },
        },
      },
      {
        extends: true,
        // Its tests start processes of their own and wait for them most of the time.
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts', 'test/faults/**/*.test.ts'],
          maxWorkers: Math.max(3, testProcesses),
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
