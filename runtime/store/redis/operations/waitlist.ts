import {
  formatLimitCursor,
  type LimitHolder,
  type LimitHolderPage,
  type LimitKeyPosition,
  type LimitKeyQuery,
  type LimitWaiter,
  type LimitWaiterPage,
  type ParsedLimitKeyQuery,
  parseLimitKeyQuery,
} from '../../waitlist.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateOfCode } from '../state-code.ts'

type HolderReply = [
  run: Buffer,
  path: Buffer,
  job: Buffer,
  queue: Buffer,
  state: number,
  held: number,
  since: Buffer,
  worker: Buffer,
]

export async function readLimitHolders(calls: ScriptCalls, query: LimitKeyQuery): Promise<LimitHolderPage> {
  const parsed = parseLimitKeyQuery(query)
  const { limiter, key, limit, after } = parsed
  const behind = after === undefined ? '' : `${after.run}\0${after.path}`
  const reply = await calls.run('read-limit-holders', [limiter, key, behind, limit + 1])
  const found = reply as HolderReply[]
  const holders = found.slice(0, limit).flatMap((holder) => holderOf(calls, holder))
  const [run, path] = (found[limit - 1] ?? []).map(String)
  const last = { run: run ?? '', path: path ?? '', seq: 0, priority: 0, position: 0 }
  return { holders, ...cursorOf(parsed, last, found.length) }
}

/** A waiter whose run is gone is left out. */
function holderOf(
  calls: ScriptCalls,
  [run, path, job, queue, state, held, since, worker]: HolderReply,
): readonly LimitHolder[] {
  if (job.length === 0) return []
  return [
    {
      ...{ run: String(run), job: String(job), queue: String(queue), state: stateOfCode(state) },
      ...{ path: String(path), held },
      ...(since.length === 0 ? {} : { since: calls.clock.shown(Number(since)) }),
      ...(worker.length === 0 ? {} : { worker: String(worker) }),
    },
  ]
}

type WaiterReply = [
  priority: number,
  seq: Buffer,
  run: Buffer,
  path: Buffer,
  job: Buffer,
  queue: Buffer,
  state: number,
  since: Buffer,
  aged: number,
]

export async function readWaitlist(calls: ScriptCalls, query: LimitKeyQuery): Promise<LimitWaiterPage> {
  const parsed = parseLimitKeyQuery(query)
  const { limiter, key, limit, after } = parsed
  const behind = after === undefined ? '' : orderOf(after)
  const reply = await calls.run('read-waitlist', [limiter, key, behind, limit + 1])
  const found = reply as WaiterReply[]
  const before = after?.position ?? 0
  const waiters = found.slice(0, limit).flatMap((waiter, i) => waiterOf(calls, waiter, before + i + 1))
  const [priority = 0, seq, run, path] = found[limit - 1] ?? []
  const last = { priority, seq: Number(seq ?? 0), run: String(run), path: String(path) }
  return { waiters, ...cursorOf(parsed, { ...last, position: before + limit }, found.length) }
}

function waiterOf(
  calls: ScriptCalls,
  [priority, , run, path, job, queue, state, since, aged]: WaiterReply,
  position: number,
): readonly LimitWaiter[] {
  if (job.length === 0) return []
  return [
    {
      ...{ run: String(run), job: String(job), queue: String(queue), state: stateOfCode(state) },
      ...{ path: String(path), position, priority, aged: aged === 1 },
      ...(since.length === 0 ? {} : { since: calls.clock.shown(Number(since)) }),
    },
  ]
}

/** As `orderOf` in scripts/limits-part.lua. */
function orderOf({ priority, seq, run, path }: LimitKeyPosition): Buffer {
  const order = Buffer.alloc(8)
  order.writeUIntBE(1_000 - priority, 0, 2)
  order.writeUIntBE(seq, 2, 6)
  return Buffer.concat([order, Buffer.from(`${run}\0${path}`)])
}

function cursorOf(
  query: ParsedLimitKeyQuery,
  last: LimitKeyPosition,
  found: number,
): { readonly cursor?: string } {
  return found <= query.limit ? {} : { cursor: formatLimitCursor(query, last) }
}
