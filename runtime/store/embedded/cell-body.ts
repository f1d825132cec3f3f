import { addHistogram, emptyHistogram, type HistogramSum } from '../duration-histogram.ts'
import type { ThroughputCell } from '../store.ts'
import type { Move } from './transaction.ts'

/** The content of a cell's row, as JSON: a transaction touches a few cells, each in few of its numbers. */
export interface CellBody {
  readonly counts: Partial<Record<Move['transition'], number>>
  readonly wait: HistogramSum
  readonly run: HistogramSum
  /** Missing in cells of earlier versions. */
  total?: HistogramSum
  /** Of a minute: it is in the cell of its hour. */
  inHour?: true
}

export function emptyBody(): CellBody & { total: HistogramSum } {
  return { counts: {}, wait: emptyHistogram(), run: emptyHistogram(), total: emptyHistogram() }
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

/** Returns a stored body as readers see it. */
export function countsOf(body: string): Pick<ThroughputCell, 'counts' | 'wait' | 'run' | 'total'> {
  const { counts, wait, run, total = emptyHistogram() } = JSON.parse(body) as CellBody
  return { counts, wait, run, total }
}
