import { RunStateError } from '../../../model/errors.ts'
import {
  type ExpectedLimiter,
  type ExpectingWrite,
  isSameRule,
  isSameTime,
  refuseStale,
} from '../../../model/expecting-write.ts'
import { InvalidOptionsError } from '../../../model/invalid-options-error.ts'
import type { LimitUse } from '../../../model/limit-use.ts'
import type { LimiterRule } from '../../../model/limiter.ts'
import type { RunId } from '../../../model/run-id.ts'
import { shownUse } from '../../limiter-math.ts'
import { changedRule, numbersOf, type RuleChange } from '../../limiter-rules.ts'
import {
  type AcquireReply,
  type AcquireRequest,
  type CostCorrection,
  crowdedMs,
  type LimiterInfo,
  type LimiterKeyInfo,
  type LinePlace,
  type StepUse,
  type WorkerLimiter,
} from '../../limiters.ts'
import type { BusyLimiter } from '../../overview.ts'
import type { LeaseId } from '../../store.ts'
import {
  type KeyWeight,
  type SuspendedRun,
  type WaitGraph,
  type WaitGraphFrom,
  waitGraphLimits,
} from '../../wait-graph.ts'
import { chunks } from '../chunks.ts'
import type { Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'

/** A use in the scripts' form: limiter, key, cost, whole run, then its state (limits-part.lua). */
export function takeOf({ limiter, key, cost, wholeRun }: LimitUse): readonly (string | number)[] {
  return [limiter, key, cost, wholeRun ? 1 : 0, 0, 0, 0, 0]
}

export async function acquire(
  calls: ScriptCalls,
  lease: LeaseId,
  { run, fence, path, attempt, turn, uses }: AcquireRequest,
): Promise<AcquireReply> {
  const packed = plain.pack(uses.map(({ limiter, key, cost }) => [limiter, key, cost]))
  const reply = await calls.run('acquire', [lease, run, fence, path, attempt, turn, packed])
  if (Array.isArray(reply)) {
    const [limiter, ms] = reply as [Buffer, number]
    return { kind: 'closed', limiter: String(limiter), ...(ms < 0 ? {} : { opensInMs: ms }) }
  }
  const answer = String(reply)
  if (answer === 'older') return { kind: 'closed', limiter: uses[0]?.limiter ?? '', opensInMs: 0 }
  if (answer === 'crowded') return { kind: 'closed', limiter: uses[0]?.limiter ?? '', opensInMs: crowdedMs }
  return { kind: answer === 'granted' ? 'granted' : 'gone' }
}

export async function closeKeys(
  calls: ScriptCalls,
  lease: LeaseId,
  { run, fence, path, turn, closedMs }: StepUse & { readonly closedMs: number },
): Promise<'closed' | 'gone'> {
  const reply = await calls.run('close-keys', [lease, run, fence, path, turn, Math.ceil(closedMs)])
  return String(reply) === 'gone' ? 'gone' : 'closed'
}

export async function correctCost(
  calls: ScriptCalls,
  lease: LeaseId,
  { run, fence, path, turn, limiter, cost, correction }: CostCorrection,
): Promise<'corrected' | 'gone'> {
  const reply = await calls.run('correct-cost', [lease, run, fence, path, turn, limiter, cost, correction])
  return String(reply) === 'done' ? 'corrected' : 'gone'
}

/** @throws InvalidOptionsError for a name that has another kind in this store. */
export function refuseOtherKind(reply: Reply): void {
  if (!Array.isArray(reply)) return
  const [name, here, code] = reply.map(String)
  throw new InvalidOptionsError(
    `limiter '${name}' is a ${here} in this store and a ${code} in this code; give the new one another name`,
  )
}

export function packedLimiters(limiters: readonly WorkerLimiter[]): Record<string, LimiterRule> {
  return Object.fromEntries(limiters.map(({ name, rule }) => [name, rule]))
}

export async function defineLimiters(
  calls: ScriptCalls,
  lease: LeaseId,
  limiters: readonly WorkerLimiter[],
): Promise<void> {
  refuseOtherKind(await calls.run('define-limiters', [lease, plain.pack(packedLimiters(limiters))]))
}

interface StoredLimiter {
  readonly rule: LimiterRule
  readonly byHand?: Omit<NonNullable<LimiterInfo['byHand']>, 'code'> & { readonly numbers: RuleChange }
}

export async function setLimiter(
  calls: ScriptCalls,
  name: string,
  numbers: RuleChange | undefined,
  { by, reason = '', requestId, expected }: ExpectingWrite<ExpectedLimiter>,
): Promise<LimiterRule> {
  for (;;) {
    const raw = (await calls.read('HGET', calls.keys.of('limiters'), name)) as Buffer | null
    if (raw === null)
      throw new RunStateError(`no limiter '${name}' in this store; durable-jobs limits lists them`)
    const next = numbers === undefined ? codeIn(raw) : changedRule(name, ruleIn(raw), numbers)
    const byHand =
      numbers === undefined
        ? ''
        : plain.pack({ numbers: numbersOf(next), by, ...(reason === '' ? {} : { reason }) })
    const isMoved = expected !== undefined && !isAsSeen(calls, raw, expected)
    const reply = await calls.run('set-limiter', [name, requestId, raw, byHand, by, reason, isMoved ? 1 : 0])
    refuseStale(String(reply) !== 'moved', `limiter '${name}'`)
    if (String(reply) !== 'changed') return plain.unpack(reply as Buffer) as LimiterRule
  }
}

function isAsSeen(calls: ScriptCalls, raw: Buffer, { rule, setAt }: ExpectedLimiter): boolean {
  const { byHand } = plain.unpack(raw) as StoredLimiter
  const at = byHand && calls.clock.shown(byHand.at)
  return isSameRule(ruleIn(raw), rule) && isSameTime(at, setAt)
}

export async function readLimiters(calls: ScriptCalls): Promise<LimiterInfo[]> {
  return decodeLimiters(calls, await calls.run('read-limiters', [maxKeys]))
}

/** The reply of scripts/read-limiters.lua, or of busy-limiters-part.lua, which include how long they are closed. */
export function decodeLimiters(calls: ScriptCalls, reply: Reply): BusyLimiter[] {
  const limiters = reply as [Buffer, Buffer, number, number, number?][]
  const found = limiters.map(([name, raw, keys, waiting, closedMs = 0]) => {
    const { rule, byHand } = plain.unpack(raw) as StoredLimiter
    const base = { name: String(name), keys, waiting, ...(closedMs === 0 ? {} : { closedMs }) }
    if (byHand === undefined) return { ...base, rule }
    const { numbers, at, ...write } = byHand
    const shown = { ...write, at: calls.clock.shown(at), code: rule }
    return { ...base, rule: { ...rule, ...numbers }, byHand: shown }
  })
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

type KeyReply = [
  key: Buffer,
  used: Buffer,
  waiting: number,
  opensInMs: number,
  closedMs: number,
  first: Buffer,
  since: Buffer,
]

/** Among this many keys those with the longest waitlists are found. */
const maxKeys = 10_000
const maxHolders = 5

export async function readLimiterKeys(
  calls: ScriptCalls,
  limiter: string,
  limit: number,
): Promise<LimiterKeyInfo[]> {
  const [raw, ...keys] = (await calls.run('read-limiter-keys', [limiter, maxKeys])) as [Buffer, ...KeyReply[]]
  if (raw === undefined) return []
  const rule = ruleIn(raw)
  return keys
    .map((key) => keyInfo(calls, limiter, rule, key))
    .sort((a, b) => b.waiting - a.waiting || (a.key < b.key ? -1 : 1))
    .slice(0, limit)
}

/** In force. */
function ruleIn(raw: Buffer): LimiterRule {
  const { rule, byHand } = plain.unpack(raw) as StoredLimiter
  return { ...rule, ...byHand?.numbers }
}

function codeIn(raw: Buffer): LimiterRule {
  return (plain.unpack(raw) as StoredLimiter).rule
}

function keyInfo(
  calls: ScriptCalls,
  limiter: string,
  rule: LimiterRule | undefined,
  [key, used, waiting, opens, closed, first, since]: KeyReply,
): LimiterKeyInfo {
  const waitingSince = since.length === 0 ? {} : { waitingSince: calls.clock.shown(Number(since)) }
  return {
    ...{ limiter, key: String(key), waiting, max: rule?.max ?? 0 },
    used: rule === undefined ? 0 : shownUse(rule, Number(used)),
    ...(opens < 0 ? {} : { opensInMs: opens }),
    ...(closed > 0 ? { closedMs: closed } : {}),
    ...(first.length === 0 ? {} : { first: { run: String(first), ...waitingSince } }),
  }
}

type PlaceReply = [path: Buffer, limiter: Buffer, rule: Buffer, key: KeyReply, ahead: number, ...Buffer[]]

export async function readLinePlaces(calls: ScriptCalls, run: RunId): Promise<LinePlace[]> {
  const reply = (await calls.run('read-line-places', [run, maxHolders])) as PlaceReply[]
  return reply.map(([path, limiter, rule, key, ahead, ...holders]) => ({
    ...keyInfo(calls, String(limiter), rule.length === 0 ? undefined : ruleIn(rule), key),
    ...{ path: String(path), ahead, holders: [...new Set(holders.map(String))] },
  }))
}

type WaitReply = [path: Buffer, behind: Buffer, limiter: Buffer, key: Buffer, ...(Buffer | number)[]]
type SuspendedReply = [id: Buffer, holds: (Buffer | number)[], waits: WaitReply[]]

export async function readWaitGraph(calls: ScriptCalls, from: WaitGraphFrom): Promise<WaitGraph> {
  const { starts, runs, waits, keys, holders } = waitGraphLimits
  const [run, after] = 'run' in from ? [from.run, ''] : ['', from.after ?? '']
  const bounds = [starts, runs, waits, keys, holders]
  const reply = await calls.run('read-wait-graph', [run, Buffer.from(after, 'latin1'), ...bounds])
  const [next, ...found] = reply as [Buffer, ...SuspendedReply[]]
  return { runs: found.map(suspendedRun), ...(next.length === 0 ? {} : { next: next.toString('latin1') }) }
}

function suspendedRun([id, holds, waits]: SuspendedReply): SuspendedRun {
  return {
    id: String(id),
    holds: chunks(holds, 3).map(([limiter, key, weight]) => keyWeight(limiter, key, weight)),
    waits: waits.map(([path, behind, limiter, key, ...needs]) => ({
      path: String(path),
      needs: chunks(needs, 4).map(([name, of, weight, max]) => ({
        ...keyWeight(name, of, weight),
        max: Number(max),
      })),
      ...(behind.length === 0
        ? {}
        : { behind: { run: String(behind), limiter: String(limiter), key: String(key) } }),
    })),
  }
}

function keyWeight(limiter: unknown, key: unknown, weight: unknown): KeyWeight {
  return { limiter: String(limiter), key: String(key), weight: Number(weight) }
}
