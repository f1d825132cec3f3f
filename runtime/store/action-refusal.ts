import { isEnd, type RunState } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import type { ActionEntry, ActionKind } from './actions.ts'

/** Why an action leaves a run alone. Redis stores the parts (scripts/apply-action.lua); people read `refusalText`. */
export type Refusal =
  | { readonly kind: 'gone' }
  /** In a state to which the action doesn't apply. */
  | { readonly kind: 'state'; readonly state: RunState }
  /** It entered this state after the action's start, or after the caller saw it in another one. */
  | { readonly kind: 'moved'; readonly state: RunState }
  /** It changed between the plan of its retry and the chunk. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'duplicate'; readonly holder: RunId; readonly key: string }
  | { readonly kind: 'once'; readonly text: string }

/** The facts that decide whether an action applies to a run. Times are the store's. */
export interface JudgedRun {
  readonly state: RunState
  readonly enqueuedAt: number
  readonly changedAt: number
}

/** The facts that decide whether it is one of an action's runs. Times are the store's. */
export interface JudgingAction {
  readonly begunAt: number
  /** How long a run must have been in its state at the start of the action. */
  readonly minAgeMs: number
}

/** For a forecast: all runs are older. */
export const yetToBegin: JudgingAction = { begunAt: Number.POSITIVE_INFINITY, minAgeMs: 0 }

const maxReason = 300

/**
 * Decides whether an action applies to a run (A2): 'newer' ones are not counted. scripts/apply-action.lua decides the
 * same.
 */
export function judge(
  kind: ActionKind,
  run: JudgedRun | undefined,
  found: ActionEntry['state'],
  { begunAt, minAgeMs }: JudgingAction,
): Refusal | 'newer' | undefined {
  if (run === undefined) return { kind: 'gone' }
  const { state } = run
  if (found !== undefined) {
    if (state !== found || run.changedAt > begunAt) {
      return run.enqueuedAt > begunAt ? 'newer' : { kind: 'moved', state }
    }
    if (run.changedAt > begunAt - minAgeMs) return 'newer'
  }
  if (!accepts(kind, state)) return { kind: 'state', state }
  return kind !== 'cancel' && run.changedAt > begunAt ? { kind: 'moved', state } : undefined
}

/** Returns whether an action applies to runs in this state. */
export function accepts(kind: ActionKind, state: RunState): boolean {
  switch (kind) {
    case 'retry':
      return state === 'blocked' || (isEnd(state) && state !== 'completed')
    case 'cancel':
      return !isEnd(state) && state !== 'cancelling'
    case 'remove':
      return isEnd(state)
  }
}

export function refusalText(action: ActionKind, refusal: Refusal): string {
  switch (refusal.kind) {
    case 'gone':
      return 'no such run: it was removed, or never enqueued here'
    case 'state':
      return `it is ${refusal.state}; ${needs[action]}`
    case 'moved':
      return `it became ${refusal.state} after it was chosen`
    case 'changed':
      return 'it changed while the action read it; try it again'
    case 'duplicate':
      return clipped(`run '${refusal.holder}' holds its unique key '${refusal.key}'`)
    case 'once':
      return clipped(refusal.text)
  }
}

const needs: Readonly<Record<ActionKind, string>> = {
  retry: 'only a failed, cancelled, expired or blocked run can be retried',
  cancel: 'only a run that lives and is not cancelling can be cancelled',
  remove: 'cancel it first, then remove it',
}

function clipped(text: string): string {
  return text.length <= maxReason ? text : `${text.slice(0, maxReason - 1)}…`
}
