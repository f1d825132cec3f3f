import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { bundledLeaseThread } from './support/processes/bundled-lease-thread.ts'

/** Tests wait for events. How long one may take is a net for hangs, not a measure: far more than a busy machine needs. */
const patienceMs = 300_000

/** Concurrent test files: many of them wait for their own processes. */
const testProcesses = Math.max(3, availableParallelism() - 1)

// Before the processes of the test files start: Node reads it when it starts, for itself and for its threads.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache')

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  plugins: [bundledLeaseThread],
  test: {
    globalSetup: ['test/support/processes/program-bundle.ts'],
    pool: 'forks',
    maxWorkers: testProcesses,
    testTimeout: patienceMs,
    hookTimeout: patienceMs,
    teardownTimeout: patienceMs,
    expect: { poll: { timeout: patienceMs / 2, interval: 10 } },
    projects: [
      // Its files reuse their processes: starting one and loading the package again takes longer than most tests.
      { extends: true, test: { name: 'unit', isolate: false, include: ['test/unit/**/*.test.ts'] } },
      { extends: true, test: { name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'redis-server', include: ['test/redis-server/**/*.test.ts'] },
      },
      {
        extends: true,
        test: { name: 'fargate', include: ['test/fargate/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'examples', include: ['test/examples/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'tui',
          isolate: false,
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
            tsconfig: 'test/types/tsconfig.json',
            include: ['test/types/**/*.test-d.ts'],
            // Type errors outside the type tests belong to `npm run check`.
            ignoreSourceErrors: true,
          },
        },
      },
      {
        extends: true,
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts', 'test/faults/**/*.test.ts'],
        },
      },
    ],
  },
})
