/** Programs that tests start many times, as paths in the package; `program-bundle.ts` bundles them. */
export const bundledPrograms = [
  'test/crash/enqueue-process.ts',
  'test/crash/race-process.ts',
  'test/faults/idle-workers.ts',
  'test/faults/moved-clock-process.ts',
  'test/faults/stopping-process.ts',
  'test/support/ecs/tasks/sdk-inside.ts',
  'test/support/ecs/tasks/story-worker.ts',
  'test/support/ecs/tasks/stubborn-worker.ts',
  'test/support/ecs/tasks/trap.ts',
  'test/support/ecs/tasks/worker.ts',
  'test/support/fleet/worker-process.ts',
  'test/support/processes/cli-program.ts',
] as const

export type BundledProgram = (typeof bundledPrograms)[number]

/** The environment variable that names the folder of the bundles. */
export const folderVariable = 'DURABLE_JOBS_TEST_PROGRAMS'
