import { isRate, type LimiterRule } from '../../../model/limiter.ts'
import type { WaitingFor } from '../../../model/run.ts'
import { weight } from '../../limiter-math.ts'
import type { KeyWeight, LimitWait, SuspendedRun, WaitGraph, WaitGraphFrom } from '../../wait-graph.ts'
import { waitGraphLimits } from '../../wait-graph.ts'
import { type LimitKey, ruleOf } from '../limits/limit-key.ts'
import { type LimitHold, type LimitRequest, limitRequestsOf } from '../limits/limit-request.ts'
import { agedWaitersOf, headOf } from '../limits/waitlist.ts'
import { findRun, type RunRow, runBySeq } from '../run-row.ts'
import type { Transaction } from '../transaction.ts'

/** Reads which runs wait for which, starting from some runs, as far as `waitGraphLimits` allow; in one transaction. */
export function readWaitGraph(tx: Transaction, from: WaitGraphFrom): WaitGraph {
  const { seqs, next } = startsOf(tx, from)
  const graph = new GraphReader(tx)
  return { runs: graph.read(seqs), ...(next === undefined ? {} : { next }) }
}

function startsOf(tx: Transaction, from: WaitGraphFrom): { seqs: readonly number[]; next?: string } {
  if ('run' in from) {
    const run = findRun(tx.sql, from.run)
    return { seqs: run === undefined ? [] : [run.seq] }
  }
  const seqs = tx.sql
    .all<{ seq: number }>(
      'SELECT DISTINCT seq FROM limit_keepers WHERE seq > ? ORDER BY seq LIMIT +?',
      Number(from.after ?? 0),
      waitGraphLimits.starts,
    )
    .map(({ seq }) => seq)
  const last = seqs.at(-1)
  return { seqs, ...(seqs.length < waitGraphLimits.starts ? {} : { next: String(last) }) }
}

/** A suspended run, and the part of a key that it keeps. */
interface Holder {
  readonly run: RunRow
  readonly held: number
}

class GraphReader {
  readonly #tx: Transaction
  /** Runs to be read, in the order in which they were found. */
  readonly #met = new Set<number>()
  readonly #holdersOf = new Map<string, readonly Holder[]>()

  constructor(tx: Transaction) {
    this.#tx = tx
  }

  read(starts: readonly number[]): SuspendedRun[] {
    for (const seq of starts) this.#meet(this.#suspended(seq))
    const runs: SuspendedRun[] = []
    for (const seq of this.#met) {
      if (runs.length === waitGraphLimits.runs) break
      const run = this.#suspended(seq)
      if (run !== undefined) runs.push(this.#read(run))
    }
    return runs
  }

  #suspended(seq: number): RunRow | undefined {
    const run = runBySeq(this.#tx.sql, seq)
    if (run?.state !== 'waiting' || run.waiting === null || run.limited !== 1) return undefined
    return (JSON.parse(run.waiting) as WaitingFor).kind === 'limit' ? run : undefined
  }

  #meet(run: RunRow | undefined): void {
    if (run !== undefined) this.#met.add(run.seq)
  }

  #read(run: RunRow): SuspendedRun {
    const admissions = limitRequestsOf(this.#tx, run.seq)
    const waits = new Map<string, LimitWait>()
    for (const limitRequest of admissions) {
      if (limitRequest.line === undefined) continue
      const wait = this.#wait(run, limitRequest)
      waits.set(JSON.stringify([wait.needs, wait.behind]), wait)
    }
    const holds = admissions.flatMap(({ takes }) => takes.flatMap(holdOf))
    // A run with too many different waits counts as able to continue.
    const few = waits.size <= waitGraphLimits.waits
    return { id: run.id, holds, waits: few ? [...waits.values()] : [] }
  }

  #wait(run: RunRow, limitRequest: LimitRequest): LimitWait {
    const needs = limitRequest.takes.flatMap((take) => this.#need(take))
    const at = limitRequest.takes[limitRequest.line ?? 0]
    const behind = at && this.#behind(run, at)
    return { path: limitRequest.path, needs, ...(behind === undefined ? {} : { behind }) }
  }

  /** A rate opens by itself; a limiter that no worker knows opens with a worker's code. */
  #need(take: LimitHold): readonly (KeyWeight & { max: number })[] {
    const rule = ruleOf(this.#tx, take.limiter)
    if (rule === undefined || isRate(rule) || take.held !== undefined) return []
    this.#meetHolders(rule, take)
    const { limiter, key, cost } = take
    return [{ limiter, key, weight: weight(rule, cost), max: rule.max }]
  }

  /** Adds the suspended holders of a key, unless the others alone make room. */
  #meetHolders(rule: LimiterRule, take: LimitHold): void {
    const holders = this.#holders(take)
    const kept = holders.reduce((sum, { held }) => sum + held, 0)
    if (rule.max - kept < weight(rule, take.cost)) for (const { run } of holders) this.#meet(run)
  }

  /** Nothing beyond what one read covers. */
  #holders(at: LimitKey): readonly Holder[] {
    const name = `${at.limiter}\0${at.key}`
    const known = this.#holdersOf.get(name)
    if (known !== undefined || this.#holdersOf.size === waitGraphLimits.keys) return known ?? []
    const holders = this.#readHolders(at)
    this.#holdersOf.set(name, holders)
    return holders
  }

  #readHolders({ limiter, key }: LimitKey): Holder[] {
    const rows = this.#tx.sql.all<{ seq: number }>(
      "SELECT seq FROM limit_holders WHERE limiter = ? AND key = ? AND path = '' LIMIT +?",
      limiter,
      key,
      waitGraphLimits.holders,
    )
    return rows.flatMap(({ seq }) => {
      const run = this.#suspended(seq)
      const takes = run === undefined ? [] : limitRequestsOf(this.#tx, seq).flatMap((each) => each.takes)
      const held = takes.find((take) => take.limiter === limiter && take.key === key)?.held ?? 0
      return run === undefined ? [] : [{ run, held }]
    })
  }

  /** Near an aged waiter the order of the waitlist means little; then only holders count. */
  #behind(run: RunRow, at: LimitKey): LimitWait['behind'] {
    const rule = ruleOf(this.#tx, at.limiter)
    const head = headOf(this.#tx, at)
    if (rule === undefined || isRate(rule) || head === undefined || head.seq === run.seq) return undefined
    if (agedWaitersOf(this.#tx, at).length > 0) return undefined
    const first = this.#suspended(head.seq)
    this.#meet(first)
    return first && { run: first.id, limiter: at.limiter, key: at.key }
  }
}

function holdOf({ limiter, key, held }: LimitHold): readonly KeyWeight[] {
  return held === undefined ? [] : [{ limiter, key, weight: held }]
}
