import { setTimeout as wait } from 'node:timers/promises'
import { type Context, defineJob, limits } from '../../../sdk/index.ts'
import type { BodyLog } from './body-log.ts'

/** The maximum of concurrent bodies of one key, in all processes together. */
export const maxPerKey = 3

export interface LimitedInput {
  readonly key: string
  readonly ms: number
}

/** One of each kind of rate, about 50 starts a second each. */
export const ratesOfJobs = {
  fixedWindow: limits.fixedWindow({ name: 'fixed-window', limit: 50, window: '1s' }),
  slidingWindow: limits.slidingWindow({ name: 'sliding-window', limit: 250, window: '5s' }),
  tokenBucket: limits.tokenBucket({ name: 'token-bucket', capacity: 30, refill: 50, every: '1s' }),
  leakyBucket: limits.leakyBucket({ name: 'leaky-bucket', limit: 50, every: '1s', burst: 20 }),
  points: limits.points({ name: 'points', points: 100, every: '1s' }),
} as const

/** The cost of one run of its rate. */
export const costs = { fixedWindow: 1, slidingWindow: 1, tokenBucket: 1, leakyBucket: 1, points: 2 } as const

/** Does nothing, as often as its rate allows. */
function rated(kind: keyof typeof ratesOfJobs) {
  const limiter = ratesOfJobs[kind]
  return defineJob<undefined, void>(
    { name: `rated-${limiter.name}`, limits: [{ limiter, cost: costs[kind] }] },
    () => undefined,
  )
}

/** One limit of the job, or of its only step; a body leaves its lines at the bodyLog. */
export function limitedJobs(bodyLog: BodyLog) {
  const perKey = limits.concurrency({ name: 'per-key', max: maxPerKey })
  const perCall = limits.concurrency({ name: 'per-call', max: maxPerKey })
  const body = async ({ run, input }: Context<LimitedInput>): Promise<void> => {
    const about = { run: run.id, path: 'work', note: input.key }
    bodyLog.write('start', about)
    try {
      await wait(input.ms)
    } finally {
      bodyLog.write('end', about)
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
    fixedWindow: rated('fixedWindow'),
    slidingWindow: rated('slidingWindow'),
    tokenBucket: rated('tokenBucket'),
    leakyBucket: rated('leakyBucket'),
    points: rated('points'),
  }
}
