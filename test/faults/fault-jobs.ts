import { setTimeout as wait } from 'node:timers/promises'
import { type Context, defineJob, type Job, type StepContext, type StepOptions } from '../../sdk/index.ts'
import type { BodyLog } from './body-log.ts'

export interface MixedInput {
  /** The maximum duration of its bodies. */
  readonly ms: number
  /** Whether it sleeps long enough to be suspended. */
  readonly naps?: boolean
}

/** The output of a run of `mixed`. */
export const mixedResult = ['first', 'left', 'right', 'sent', 'flaky', 'last'] as const

/** Lets bodies of `held` continue. */
export class Gate {
  readonly opened: Promise<void>
  #open: () => void = () => undefined

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#open()
  }
}

/** The jobs of the fault tests. Every body and every go-ahead after a step is seen by the bodyLog. */
export function faultJobs(bodyLog: BodyLog, gate: Gate) {
  /** One after the other, in parallel, at most once, tried again, and asleep. */
  const mixed = defineJob<MixedInput, readonly string[]>({ name: 'mixed' }, async (context) => {
    const { input, step } = context
    const take = observed(context, bodyLog)
    const body = (value: string) => () => wait(Math.random() * input.ms, value)
    const first = await take('first', body('first'))
    const pair = await Promise.all([take('left', body('left')), take('right', body('right'))])
    const lookUp = () => {
      bodyLog.see('asked', context.run.id, 'sent')
      return 'sent'
    }
    const sent = await take('sent', body('sent'), { atMostOnce: true, onUnknown: lookUp })
    await step.sleep('nap', input.naps ? 1_100 : 5)
    const flaky = await take('flaky', flakily, { retry: { maxAttempts: 3, initialInterval: 10 } })
    return [first, ...pair, sent, flaky, await take('last', body('last'))]
  })

  /** Its second step runs until the gate opens. */
  const held = defineJob<undefined, string>({ name: 'held' }, async (context) => {
    const take = observed(context, bodyLog)
    await take('before', () => 'before')
    await take('held', () => gate.opened)
    return take('after', () => 'after')
  })

  /** Steps without a pause. */
  const chain = defineJob<{ readonly steps: number }, number>({ name: 'chain' }, async (context) => {
    const take = observed(context, bodyLog)
    for (let i = 1; i <= context.input.steps; i++) await take(`s${i}`, () => i)
    return context.input.steps
  })
  return { mixed, held, chain }
}

export type FaultJobs = ReturnType<typeof faultJobs>

export function jobList(jobs: FaultJobs): readonly Job[] {
  return Object.values(jobs)
}

function flakily({ attempt }: StepContext): string {
  if (attempt === 1) throw new Error('the first attempt fails as planned')
  return 'flaky'
}

type Take = <T>(
  path: string,
  body: (context: StepContext) => T | Promise<T>,
  options?: StepOptions<T>,
) => Promise<T>

/** `step.run` under the bodyLog's eyes. */
function observed({ step, run }: Context<unknown>, bodyLog: BodyLog): Take {
  return async (path, body, options) => {
    const watched = async (context: StepContext) => {
      const { attempt } = context
      bodyLog.see('start', run.id, path, { attempt })
      try {
        return await body(context)
      } finally {
        bodyLog.see('end', run.id, path, { attempt })
      }
    }
    try {
      return await step.run(path, watched, options)
    } finally {
      bodyLog.see('released', run.id, path)
    }
  }
}
