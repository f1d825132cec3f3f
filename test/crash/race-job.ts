import { createHash } from 'node:crypto'
import { type Context, defineJob, FatalError, type Job } from '../../sdk/index.ts'
import { planRace, type RaceOutcome, type RaceStepKind, type RaceTools, runRace } from './race-plan.ts'

export interface RaceInput {
  readonly seed: number
}

/** Lets a test control how an execution of a race continues. */
export interface RaceHooks {
  called(path: string): void
  released(path: string): void
  /** Resolves when the body may end. */
  body(path: string): Promise<void>
  decided(group: string, decision: string): void
  /** Resolves when a race that may return has done so. */
  ended(): Promise<void>
  /** Resolves when the function may return. */
  returning(outcome: RaceOutcome): Promise<void>
}

/** The step that stores which branch won: another winner is another step. */
export function decisionPath(group: string, decision: string): { name: string; key: string } {
  return { name: `${group}.won`, key: createHash('sha256').update(decision).digest('hex').slice(0, 12) }
}

/** Native combinators over steps, as the seed plans them. */
export function raceJob(hooksOf: (run: string, input: RaceInput) => RaceHooks): Job<RaceInput, RaceOutcome> {
  return defineJob<RaceInput, RaceOutcome>({ name: 'race' }, async (context) => {
    const hooks = hooksOf(context.run.id, context.input)
    // With an open body the run retains its slot while a test holds it, even if other steps sleep.
    void context.step.run('guard', () => hooks.ended())
    const outcome = await runRace(planRace(context.input.seed), toolsOf(context, hooks))
    await hooks.returning(outcome)
    return outcome
  })
}

function toolsOf({ step }: Context<RaceInput>, hooks: RaceHooks): RaceTools {
  const watched = async (path: string, call: () => Promise<unknown>): Promise<unknown> => {
    hooks.called(path)
    try {
      return await call()
    } finally {
      hooks.released(path)
    }
  }
  const body = (path: string) => () => hooks.body(path)
  const calls: Record<RaceStepKind, (path: string) => Promise<unknown>> = {
    run: (path) => watched(path, () => step.run(path, body(path))),
    throw: (path) =>
      watched(path, () =>
        step.run(path, async () => {
          await hooks.body(path)
          throw new FatalError('as planned')
        }),
      ),
    once: (path) =>
      watched(path, () => step.run(path, body(path), { atMostOnce: true, onUnknown: body(path) })),
    nap: (path) => watched(path, () => step.sleep(path, 1)),
    'long sleep': (path) => step.sleep(path, '1h'),
  }
  return {
    step: (path, kind) => calls[kind](path),
    decided: (group, decision) => {
      hooks.decided(group, decision)
      const { name, key } = decisionPath(group, decision)
      const path = `${name}[${key}]`
      return watched(path, () => step.run(name, body(path), { key }))
    },
  }
}
