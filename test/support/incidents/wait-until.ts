import { setTimeout as sleep } from 'node:timers/promises'
import type { Jobs } from '../../../runtime/client/client.ts'
import type { Run, RunState } from '../../../runtime/model/run.ts'

const pollMs = 20

/** Resolves once it's true. */
export async function waitUntil(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(pollMs)
}

/** Resolves once the run has come into the state. */
export async function reaches(jobs: Jobs, run: string, state: RunState): Promise<Run> {
  for (;;) {
    const found = await jobs.inspector.run(run)
    if (found?.state === state) return found
    await sleep(pollMs)
  }
}
