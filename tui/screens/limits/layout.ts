import { type ListLayout, listLayout } from '../../kit/list-layout.ts'
import type { Span } from '../../kit/span.ts'
import type { ScreenInput } from '../screen.ts'
import { limiterLines } from './detail.ts'
import type { LimitsData } from './limits-data.ts'
import { currentLimiter } from './rows.ts'

/** How Limits divides the body below its list: keys beside holders and waiters, or above them on a narrow terminal. */
export interface LimitsLayout extends ListLayout {
  readonly isWide: boolean
  readonly keysWidth: number
  readonly keysHeight: number
  /** Lines of keys. */
  readonly keyRows: number
  readonly usersWidth: number
  readonly usersHeight: number
}

const wideColumns = 140
/** Lines of the pane of users in which all details of the limiter fit; in fewer only the first line. */
const roomyHeight = 10

/** The list of unique keys has the whole body. */
export function showsUnique({ place }: Pick<ScreenInput<LimitsData>, 'place'>): boolean {
  return place.own.unique === true
}

export function limitsLayout(input: Pick<ScreenInput<LimitsData>, 'size' | 'place'>): LimitsLayout {
  const { columns, rows } = input.size
  const layout = showsUnique(input)
    ? { paneHeight: rows, listHeight: Math.max(0, rows - 2), detailHeight: 0 }
    : listLayout(input)
  const { detailHeight } = layout
  const isWide = columns >= wideColumns
  const keysWidth = isWide ? Math.floor(columns * 0.4) : columns
  // At least two keys.
  const narrowHeight = detailHeight === 0 ? 0 : Math.max(4, Math.floor(detailHeight * 0.45))
  const keysHeight = isWide ? detailHeight : narrowHeight
  return {
    ...{ ...layout, isWide, keysWidth, keysHeight, keyRows: Math.max(0, keysHeight - 2) },
    usersWidth: isWide ? columns - keysWidth - 1 : columns,
    usersHeight: isWide ? detailHeight : detailHeight - keysHeight,
  }
}

/** The lines above holders and waiters. */
export function linesAbove(input: ScreenInput<LimitsData>): readonly (readonly Span[])[] {
  const row = currentLimiter(input)
  if (row === undefined) return []
  const { usersWidth, usersHeight } = limitsLayout(input)
  const lines = limiterLines(row, input.now, usersWidth)
  return usersHeight < roomyHeight ? lines.slice(0, 1) : lines
}

/** Lines of holders and waiters. */
export function userLines(input: ScreenInput<LimitsData>): number {
  return Math.max(0, limitsLayout(input).usersHeight - 2 - linesAbove(input).length)
}
