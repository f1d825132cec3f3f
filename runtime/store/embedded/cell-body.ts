import type { DurationHistogram } from '../duration-histogram.ts'
import type { ThroughputCell } from '../store.ts'
import type { Move } from './transaction.ts'

export interface Histogram {
  sumMs: number
  readonly buckets: number[]
}

/** The content of a cell's row, as JSON: a transaction touches a few cells, each in few of its numbers. */
export interface CellBody {
  readonly counts: Partial<Record<Move['transition'], number>>
  readonly wait: Histogram
  readonly run: Histogram
  /** Missing in cells of earlier versions. */
  total?: Histogram
  /** Of a minute: it is in the cell of its hour. */
  inHour?: true
}

export function emptyBody(): CellBody & { total: Histogram } {
  return { counts: {}, wait: emptyHistogram(), run: emptyHistogram(), total: emptyHistogram() }
}

function emptyHistogram(): Histogram {
  return { sumMs: 0, buckets: [] }
}

/** Adds all counts of `added`. */
export function addCell(to: CellBody, added: CellBody): void {
  for (const [transition, times] of Object.entries(added.counts) as [Move['transition'], number][]) {
    to.counts[transition] = (to.counts[transition] ?? 0) + times
  }
  addHistogram(to.wait, added.wait)
  addHistogram(to.run, added.run)
  if (added.total === undefined) return
  to.total ??= emptyHistogram()
  addHistogram(to.total, added.total)
}

function addHistogram(to: Histogram, added: Histogram): void {
  to.sumMs += added.sumMs
  for (const [i, count] of added.buckets.entries()) to.buckets[i] = (to.buckets[i] ?? 0) + count
}

/** Returns a stored body as readers see it. */
export function countsOf(body: string): Pick<ThroughputCell, 'counts' | 'wait' | 'run' | 'total'> {
  const none: DurationHistogram = { sumMs: 0, buckets: [] }
  const { counts, wait, run, total = none } = JSON.parse(body) as CellBody
  return { counts, wait, run, total }
}
