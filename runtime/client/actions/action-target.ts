import { doneWords } from '../../describe/plan-sentences.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import { checkKnownOptions } from '../../model/known-options.ts'
import { type RunState, runStates } from '../../model/run.ts'
import { parseRunId, type RunId } from '../../model/run-id.ts'
import { accepts } from '../../store/action-refusal.ts'
import { type ActionKind, type ActionTarget, actionKinds, maxActionIds } from '../../store/actions.ts'
import { filterNames, type RunFilter } from '../../store/run-filter.ts'
import { parseRunQuery } from '../../store/run-search.ts'

/** @throws InvalidOptionsError */
export function parseActionKind(kind: unknown): ActionKind {
  const known = actionKinds.find((one) => one === kind)
  if (known !== undefined) return known
  throw new InvalidOptionsError(`action: '${String(kind)}' is not an action; use ${actionKinds.join(', ')}`)
}

/**
 * Returns a target with each run once, and with the states that the action applies to if its filter names none.
 * @throws InvalidOptionsError
 */
export function parseActionTarget(action: ActionKind, target: ActionTarget): ActionTarget {
  if (target.kind === 'filter') return { kind: 'filter', filter: parseFilter(action, target) }
  if (target.kind !== 'runs' || !Array.isArray(target.ids)) {
    throw new InvalidOptionsError(
      "target: write { kind: 'runs', ids, seen? } or { kind: 'filter', filter, all? }",
    )
  }
  const ids = [...new Set(target.ids.map((id) => parseRunId(id, 'target.ids')))]
  if (ids.length > 0 && ids.length <= maxActionIds) return { kind: 'runs', ids, ...parseSeen(target.seen) }
  throw new InvalidOptionsError(
    `target.ids: name 1 to ${maxActionIds} runs, not ${ids.length}; for more use a filter`,
  )
}

function parseSeen(seen: Readonly<Record<RunId, RunState>> | undefined): {
  readonly seen?: Readonly<Record<RunId, RunState>>
} {
  if (seen === undefined) return {}
  const strange = Object.values(seen).find((state) => !runStates.includes(state))
  if (strange === undefined) return { seen }
  throw new InvalidOptionsError(
    `target.seen: '${strange}' is not a state; use one of ${runStates.join(', ')}`,
  )
}

function parseFilter(action: ActionKind, target: ActionTarget & { readonly kind: 'filter' }): RunFilter {
  checkKnownOptions(target, ['kind', 'filter', 'all'], 'target')
  checkKnownOptions(target.filter, filterNames, 'target.filter')
  const filter = narrowed(target)
  // Before anything is started.
  parseRunQuery({ ...filter, limit: 1 })
  const states = filter.states ?? defaultStates(action, filter)
  const useless = states.filter((state) => !runStates.includes(state) || !accepts(action, state))
  if (states.length > 0 && useless.length === 0) return { ...filter, states }
  const possible = runStates.filter((state) => accepts(action, state)).join(', ')
  throw new InvalidOptionsError(
    useless.length > 0
      ? `target.filter.states: runs in state ${useless.join(' or ')} can't be ${doneWords[action]}; use ${possible}`
      : `target.filter.states is empty; name at least one of ${possible}`,
  )
}

/**
 * Returns the parts of a filter that have a value. A part that was meant to have one and has none would select all
 * runs.
 */
function narrowed({ filter, all }: ActionTarget & { readonly kind: 'filter' }): RunFilter {
  // The key of a limiter without keys is empty.
  const isBlank = ([name, value]: readonly [string, unknown]): boolean =>
    value === undefined || value === null || (value === '' && name !== 'limitKey')
  const parts = Object.entries(filter)
  const kept = parts.filter((part) => !isBlank(part))
  if (all !== undefined && (all !== true || kept.length > 0)) {
    throw new InvalidOptionsError(
      'target.all: set it to true with an empty filter, for all runs; omit it with a filter that has parts',
    )
  }
  const [blank] = parts.find(isBlank) ?? []
  if (all === undefined && blank !== undefined) {
    throw new InvalidOptionsError(
      `target.filter.${blank} has no value (${JSON.stringify(filter[blank as keyof RunFilter])}); omit it to select runs without it`,
    )
  }
  if (all === undefined && kept.length === 0) {
    throw new InvalidOptionsError(
      'target.filter is empty; select runs by parts such as job or states, or add all: true for all runs',
    )
  }
  return Object.fromEntries(kept)
}

/** A retry without states selects failed runs: a run that an operator cancelled is retried only by its name. */
function defaultStates(action: ActionKind, { fingerprint }: RunFilter): readonly RunState[] {
  if (action === 'retry' || fingerprint !== undefined) return ['failed']
  return runStates.filter((state) => accepts(action, state))
}
