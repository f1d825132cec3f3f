import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const seconds = 1000

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { extends: true, test: { name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'redis-server',
          include: ['test/redis-server/**/*.test.ts'],
          testTimeout: 30 * seconds,
        },
      },
      { extends: true, test: { name: 'cli', include: ['test/cli/**/*.test.ts'], testTimeout: 30 * seconds } },
      {
        extends: true,
        test: { name: 'examples', include: ['test/examples/**/*.test.ts'], testTimeout: 30 * seconds },
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
        // Its tests start processes of their own: after all the others, and few files at a time.
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts', 'test/faults/**/*.test.ts'],
          testTimeout: 60 * seconds,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
