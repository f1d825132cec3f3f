import { runsText } from '../../runtime/describe/plan-sentences.ts'
import type { ExpectedRun } from '../../runtime/model/expected-run.ts'
import type {
  ExpectedLimiter,
  ExpectedMute,
  ExpectedPause,
  ExpectedSchedule,
} from '../../runtime/model/expecting-write.ts'
import type { RunState } from '../../runtime/model/run.ts'
import type { RunId } from '../../runtime/model/run-id.ts'
import type { StepPath } from '../../runtime/model/step-path.ts'
import type { RunFilter } from '../../runtime/store/run-filter.ts'
import type { Thing } from '../app/thing.ts'

/** A run as the row showed it when the key was pressed. */
interface SeenRun {
  readonly id: RunId
  readonly state: RunState
}

/** The target of an action: fixed at the key press. */
export type Target =
  | {
      readonly kind: 'run'
      readonly id: RunId
      /** As the row showed it; of a step's row the state of its run. */
      readonly state: RunState
      readonly step?: StepPath
      /** Its state when its plan was made: the store refuses the action if it has changed. */
      readonly expected?: ExpectedRun
    }
  | { readonly kind: 'runs'; readonly runs: readonly SeenRun[] }
  /** All matches that entered their state before `before`, by the store's clock. */
  | {
      readonly kind: 'filter'
      readonly text: string
      readonly filter: RunFilter
      readonly before?: number
    }
  | {
      readonly kind: 'queue'
      readonly id: string
      readonly paused: boolean
      /** As of a run. */
      readonly expected?: ExpectedPause
    }
  | {
      readonly kind: 'schedule'
      readonly id: string
      readonly paused: boolean
      readonly expected?: ExpectedSchedule
    }
  | { readonly kind: 'worker'; readonly id: string; readonly draining: boolean }
  | { readonly kind: 'limiter'; readonly id: string; readonly expected?: ExpectedLimiter }
  | {
      readonly kind: 'finding'
      readonly id: string
      readonly muted: boolean
      readonly expected?: ExpectedMute
    }

export type TargetKind = Target['kind']
export type TargetOf<Kind extends TargetKind> = Extract<Target, { readonly kind: Kind }>

/** Returns the common target of the rows; undefined if they are of several kinds, or not a possible target. */
export function targetOf(things: readonly Thing[]): Target | undefined {
  const [first, ...others] = things
  if (first === undefined) return undefined
  if (others.length === 0) return single(first)
  const runs = things.flatMap((thing) => (thing.kind === 'run' ? [{ id: thing.id, state: thing.state }] : []))
  return runs.length === things.length ? { kind: 'runs', runs } : undefined
}

function single(thing: Thing): Target | undefined {
  switch (thing.kind) {
    case 'run':
      return { kind: 'run', id: thing.id, state: thing.state }
    case 'step':
      return { kind: 'run', id: thing.run, state: thing.state, step: thing.id }
    case 'failure':
      return { kind: 'filter', text: `by:${thing.id}`, filter: { fingerprint: thing.id } }
    case 'filter':
      return { kind: 'filter', text: thing.id, filter: thing.filter }
    case 'job':
      return undefined
    default:
      return thing
  }
}

/** `run 01m8…`, `3 runs`, `all runs of 'state:failed'`, `queue mail`. */
export function targetText(target: Target): string {
  switch (target.kind) {
    case 'runs':
      return runsText(target.runs.length)
    case 'filter':
      return target.text === '' ? 'all runs' : `all runs of '${target.text}'`
    case 'finding':
      return target.id
    default:
      return `${target.kind} ${target.id}`
  }
}
