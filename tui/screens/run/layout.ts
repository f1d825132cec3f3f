import type { ScreenInput } from '../screen.ts'
import { detailRows } from './detail-rows.ts'
import type { RunData } from './run-data.ts'
import { modelOf, stepRows } from './step-rows.ts'

/** How the screen of a run divides the body, from top to bottom. */
export interface RunLayout {
  /** With its rule. */
  readonly headHeight: number
  /** With its rule and the axis. */
  readonly stepsHeight: number
  /** Rows of the waterfall, and below them lines that say what happened beside the steps. */
  readonly stepLines: number
  readonly noteLines: number
  /** With its rule. */
  readonly detailHeight: number
  readonly detailLines: number
}

const maxNotes = 5
/** A rule and the axis. */
const stepsFrame = 2
const leastRows = 3
const leastDetail = 4

/** The pane that has the keys gets the larger part, and the waterfall what the other one has no lines for. */
export function runLayout(input: ScreenInput<RunData>): RunLayout {
  const { size, data, place, fleet } = input
  const headHeight = size.rows >= 14 ? 4 : 2
  const left = Math.max(0, size.rows - headHeight)
  const share = place.pane === 'detail' ? 0.4 : 0.6
  const rows = stepRows(input).length
  const marks = data?.kind === 'known' ? modelOf(data, fleet.aheadMs).marks.length : 0
  const notes = Math.min(marks, maxNotes)
  const spare = left - 1 - detailRows(input).length
  const most = Math.max(stepsFrame + leastRows, Math.floor(left * share), spare)
  const stepsHeight = Math.min(stepsFrame + rows + notes, most, Math.max(0, left - leastDetail))
  const room = Math.max(0, stepsHeight - stepsFrame)
  const noteLines = Math.max(0, Math.min(notes, Math.max(room - rows, Math.min(2, room - leastRows))))
  const detailHeight = Math.max(0, left - stepsHeight)
  return {
    ...{ headHeight, stepsHeight, noteLines, detailHeight },
    stepLines: Math.max(0, room - noteLines),
    detailLines: Math.max(0, detailHeight - 1),
  }
}
