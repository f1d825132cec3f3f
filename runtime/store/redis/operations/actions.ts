import { UnknownActionError } from '../../../model/errors.ts'
import type { OperatorWrite } from '../../../model/operator-write.ts'
import type { RunId } from '../../../model/run-id.ts'
import type { StepPath } from '../../../model/step-path.ts'
import { accepts, judge, type Refusal, refusalText, yetToBegin } from '../../action-refusal.ts'
import type {
  ActionChunk,
  ActionEntry,
  ActionInfo,
  ActionKind,
  NewAction,
  RunForecast,
} from '../../actions.ts'
import { onceRefusal, type PlannedActionRetry, planActionRetry } from '../../plan-retry.ts'
import {
  actionReason,
  actionsBytes,
  checkActionsLimit,
  checkChunk,
  checkForecast,
  minAgeOf,
} from '../../read-action.ts'
import { chunks } from '../chunks.ts'
import type { Reply } from '../redis-link.ts'
import { plain, type WholeRun } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateCode, stateOfCode } from '../state-code.ts'
import { readRecords } from './inspect.ts'
import { journalLines } from './journal-lines.ts'
import { heldByOther } from './retry.ts'

export async function beginAction(calls: ScriptCalls, action: NewAction): Promise<ActionInfo> {
  const { id, ...asked } = action
  const { action: kind, by, reason = '', matching = '' } = asked
  const told = [kind, by, reason, actionReason(action), matching, JSON.stringify(asked)]
  return toInfo(calls, id, await calls.run('begin-action', [id, ...told, minAgeOf(action)]))
}

export async function endAction(
  calls: ScriptCalls,
  id: string,
  { by, reason = '' }: OperatorWrite,
): Promise<ActionInfo> {
  return toInfo(calls, id, await calls.run('end-action', [id, by, reason]))
}

/** Retries are planned outside of the script; a run that has changed since is refused. */
export async function applyAction(calls: ScriptCalls, chunk: ActionChunk): Promise<ActionInfo> {
  checkChunk(chunk)
  const { action: id, from, next = '', runs } = chunk
  const action = await readAction(calls, id)
  if (action === undefined) throw new UnknownActionError(id)
  if (action.cursor !== from) return action
  const plans =
    action.action === 'retry' ? await plannedRetries(calls, runs, action.runAgain ?? []) : new Map()
  const entries = runs.map((entry) => plain.pack(encodedEntry(entry, plans.get(entry.run))))
  const journals = action.action === 'cancel' ? [] : runs.map(({ run }) => calls.keys.journal(run))
  return toInfo(calls, id, await calls.run('apply-action', [id, from, next, ...entries], journals))
}

interface RunPlan {
  readonly run: WholeRun
  readonly plan: PlannedActionRetry
}

/** Of those that can be retried. */
async function plannedRetries(
  calls: ScriptCalls,
  runs: readonly ActionEntry[],
  runAgain: readonly StepPath[],
): Promise<ReadonlyMap<RunId, RunPlan>> {
  const ids = runs.map(({ run }) => run)
  const found = await readRecords(calls, ids, false)
  const ended = found.filter(({ record }) => accepts('retry', record.state))
  const lines = await journalLines(
    calls,
    ended.map(({ id }) => id),
  )
  return new Map(
    ended.map((run) => {
      const { state, extras } = run.record
      const escaped = state === 'failed' ? extras.e : undefined
      const plan = planActionRetry({ id: run.id, state, escaped }, lines.get(run.id) ?? [], runAgain)
      return [run.id, { run, plan }]
    }),
  )
}

/** In the form of scripts/apply-action.lua. Without a plan no run is retried. */
function encodedEntry({ run, state }: ActionEntry, planned: RunPlan | undefined): unknown[] {
  const head = [run, state === undefined ? 0 : stateCode(state)]
  if (planned === undefined) return [...head, '']
  const { plan, run: at } = planned
  const madeFor = [stateCode(at.record.state), at.record.position, at.record.changedAt]
  if (plan.kind === 'refused') return [...head, onceRefusal(plan.inTheWay), ...madeFor]
  return [...head, '', ...madeFor, ...plan.dropped]
}

export async function planAction(
  calls: ScriptCalls,
  kind: ActionKind,
  ids: readonly RunId[],
  runAgain: readonly StepPath[],
): Promise<RunForecast[]> {
  checkForecast(ids)
  const found = new Map((await readRecords(calls, ids, false)).map((run) => [run.id, run]))
  const entries = [...found.keys()].map((run) => ({ run }))
  const plans = kind === 'retry' ? await plannedRetries(calls, entries, runAgain) : new Map()
  return Promise.all(
    ids.map(async (id) => {
      const run = found.get(id)
      const limiters = (run?.record.extras.L?.['']?.t ?? []).map(([limiter]) => limiter)
      const state = run === undefined ? {} : { state: run.record.state }
      const base = { run: id, ...state, inTheWay: [], runsAgain: [], limiters }
      const refusal = judge(kind, run?.record, undefined, yetToBegin)
      if (refusal !== undefined && refusal !== 'newer')
        return { ...base, refused: refusalText(kind, refusal) }
      const planned = plans.get(id)
      return planned === undefined ? base : { ...base, ...(await retryForecast(calls, planned)) }
    }),
  )
}

async function retryForecast(calls: ScriptCalls, { run, plan }: RunPlan): Promise<Partial<RunForecast>> {
  if (plan.kind === 'refused') return { refused: onceRefusal(plan.inTheWay), inTheWay: plan.inTheWay }
  const held = await heldByOther(calls, run)
  if (held !== undefined) return { refused: refusalText('retry', { kind: 'duplicate', ...held }) }
  return { runsAgain: plan.answer.runsAgain }
}

export async function readAction(calls: ScriptCalls, id: string): Promise<ActionInfo | undefined> {
  return (await readStored(calls, [id, 1, actionsBytes]))[0]
}

export async function readActions(calls: ScriptCalls, limit: number): Promise<readonly ActionInfo[]> {
  checkActionsLimit(limit)
  return readStored(calls, ['', limit, actionsBytes])
}

async function readStored(
  calls: ScriptCalls,
  args: readonly [id: string, limit: number, bytes: number],
): Promise<ActionInfo[]> {
  const flat = (await calls.run('read-actions', args)) as Buffer[]
  return chunks<[Buffer, Buffer, Buffer]>(flat, 3).map(([id, ...stored]) => toInfo(calls, String(id), stored))
}

/** As scripts/actions-part.lua stores it. */
interface Begun {
  readonly at: number
  readonly json: string
}

type StoredRefusal = readonly [run: RunId, kind: Refusal['kind'], first?: string | number, second?: string]

interface Progress {
  readonly cursor?: string
  readonly endedAt?: number
  readonly done: number
  readonly refused: number
  readonly refusals: readonly StoredRefusal[] | Readonly<Record<string, never>>
}

/** @throws UnknownActionError */
function toInfo(calls: ScriptCalls, id: string, reply: Reply): ActionInfo {
  if (!Array.isArray(reply)) throw new UnknownActionError(id)
  const [begun, progress] = reply as [Buffer, Buffer]
  const { at, json } = plain.unpack(begun) as Begun
  const { cursor, endedAt, done, refused, refusals } = plain.unpack(progress) as Progress
  const asked = JSON.parse(json) as Omit<NewAction, 'id'>
  return {
    id,
    ...asked,
    startedAt: calls.clock.shown(at),
    ...(endedAt === undefined ? {} : { endedAt: calls.clock.shown(endedAt) }),
    ...(cursor === undefined ? {} : { cursor }),
    done,
    refused,
    // Lua can't distinguish an empty list from an empty map.
    refusals: Array.isArray(refusals)
      ? (refusals as StoredRefusal[]).map((stored) => ({
          run: stored[0],
          reason: refusalText(asked.action, refusalOf(stored)),
        }))
      : [],
  }
}

function refusalOf([, kind, first = '', second = '']: StoredRefusal): Refusal {
  switch (kind) {
    case 'gone':
    case 'changed':
      return { kind }
    case 'state':
    case 'moved':
      return { kind, state: stateOfCode(Number(first)) }
    case 'duplicate':
      return { kind, holder: String(first), key: second }
    case 'once':
      return { kind, text: String(first) }
  }
}
