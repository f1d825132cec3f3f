import { setTimeout as wait } from 'node:timers/promises'
import { type Context, defineJob, limits } from '../../sdk/index.ts'
import type { Witness } from './witness.ts'

/** So many bodies of one key at the same time, in all processes together. */
export const mostPerKey = 3

export interface LimitedInput {
  readonly key: string
  readonly ms: number
}

/** One limit of the job, or of its only step; a body leaves its lines at the witness. */
export function limitedJobs(witness: Witness) {
  const perKey = limits.concurrency({ name: 'per-key', max: mostPerKey })
  const perCall = limits.concurrency({ name: 'per-call', max: mostPerKey })
  const body = async ({ run, input }: Context<LimitedInput>): Promise<void> => {
    const about = { run: run.id, path: 'work', note: input.key }
    witness.write('start', about)
    try {
      await wait(input.ms)
    } finally {
      witness.write('end', about)
    }
  }
  return {
    limited: defineJob<LimitedInput, void>(
      { name: 'limited', limits: [{ limiter: perKey, key: ({ key }) => key }] },
      (context) => context.step.run('work', () => body(context)),
    ),
    limitedStep: defineJob<LimitedInput, void>({ name: 'limited-step' }, (context) =>
      context.step.run('work', () => body(context), {
        limits: [{ limiter: perCall, key: context.input.key }],
      }),
    ),
  }
}
