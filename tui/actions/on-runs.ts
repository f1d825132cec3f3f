import type { Jobs } from '../../runtime/client/client.ts'
import type { Run } from '../../runtime/model/run.ts'
import { accepts, refusalText } from '../../runtime/store/action-refusal.ts'
import type { ActionKind } from '../../runtime/store/actions.ts'
import { type Action, type ActRequest, type Choice, impossible, type Plan } from './action.ts'
import { expectedOf, readTarget } from './expected.ts'
import { isMany, planMany, refusalOfMany, wordsOfMany } from './many.ts'
import type { TargetOf } from './target.ts'

/** The differences between the actions on runs. */
interface OnRuns extends Pick<Action, 'tier' | 'discards'> {
  readonly kind: ActionKind
  /** @param target With the expected state of the run. */
  plan(jobs: Jobs, run: Run, target: TargetOf<'run'>, choice: Choice): Promise<Plan>
  carryOut(jobs: Jobs, request: ActRequest<'run'>): Promise<string>
}

/** An action on one run, on marked runs, or on all that match a filter. */
export function onRuns({ kind, plan, carryOut, ...rest }: OnRuns): Action<'run' | 'runs' | 'filter'> {
  return {
    ...rest,
    command: kind,
    on: ['run', 'runs', 'filter'],
    many: kind,
    refusal: (target) => (isMany(target) ? refusalOfMany(kind, target) : refusalOfOne(kind, target)),
    plan: async (jobs, { target, choice }) => {
      if (isMany(target)) return planMany(jobs, kind, target, choice)
      const read = await readTarget(jobs, kind, target)
      if (read.kind === 'refused') return impossible(read.reason)
      return plan(jobs, read.run, { ...target, expected: expectedOf(kind, read.run) }, choice)
    },
    words: (target, choice) =>
      isMany(target)
        ? wordsOfMany(kind, target, choice)
        : [kind, target.id, ...choice.runAgain.flatMap((step) => ['--run-again', step])],
    carryOut: async (jobs, { target, ...request }) => {
      if (isMany(target)) throw new TypeError(`a ${kind} of several runs is carried out in chunks`)
      return carryOut(jobs, { target, ...request })
    },
  }
}

export function refusalOfOne(kind: ActionKind, { state }: TargetOf<'run'>): string | undefined {
  if (accepts(kind, state)) return undefined
  return refusalText(kind, { kind: 'state', state })
}
