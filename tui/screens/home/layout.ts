import type { Size } from '../screen.ts'

/** How Home divides the body. */
export interface HomeLayout {
  /** Lines of a sparkline; 0: the charts are one line of numbers each. */
  readonly sparkRows: number
  /** Of the row of charts, its rules included. */
  readonly chartHeight: number
  /** Widths of the three charts. */
  readonly chartWidths: readonly [number, number, number]
  /** Of the row with queues and fleet; 0: there is no room for it. */
  readonly middleHeight: number
  readonly queueWidth: number
  readonly fleetWidth: number
  readonly attentionHeight: number
  /** Lines below the findings that say more of the one under the cursor. */
  readonly detailHeight: number
}

const numberLines = 2

/** Of the fleet's lines, and of queues that are shown however few findings there are. */
const middleLines = 4

/** @param queues How many there are: no lines are kept for more. */
export function homeLayout({ columns, rows }: Size, queues: number): HomeLayout {
  const sparkRows = rows >= 34 ? 4 : rows >= 18 ? 2 : 0
  const chartHeight = 1 + numberLines + sparkRows
  const left = rows - chartHeight
  const wanted = 1 + Math.max(middleLines, queues)
  const middleHeight = left >= 12 ? Math.min(wanted, Math.max(1 + middleLines, Math.floor(left * 0.4))) : 0
  const attentionHeight = left - middleHeight
  const third = Math.floor((columns - 2) / 3)
  const queueWidth = Math.floor((columns - 1) * 0.58)
  return {
    ...{ sparkRows, chartHeight, middleHeight, attentionHeight, queueWidth },
    chartWidths: [third, third, columns - 2 - 2 * third],
    fleetWidth: columns - 1 - queueWidth,
    detailHeight: attentionHeight >= 8 ? 3 : 0,
  }
}
