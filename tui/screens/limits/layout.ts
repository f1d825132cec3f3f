import { type ListLayout, listLayout } from '../../kit/list-layout.ts'
import type { Span } from '../../kit/span.ts'
import type { ScreenInput } from '../screen.ts'
import { limiterLines } from './detail.ts'
import type { LimitsData } from './limits-data.ts'
import { currentLimiter } from './rows.ts'

/** How Limits divides what is below its list: keys beside who holds and waits, or above that on a narrow terminal. */
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
/** Lines of the pane of users in which all is said of the limiter; in fewer its first line is. */
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

/** What stands above who holds and waits. */
export function linesAbove(input: ScreenInput<LimitsData>): readonly (readonly Span[])[] {
  const row = currentLimiter(input)
  if (row === undefined) return []
  const { usersWidth, usersHeight } = limitsLayout(input)
  const lines = limiterLines(row, input.now, usersWidth)
  return usersHeight < roomyHeight ? lines.slice(0, 1) : lines
}

/** Lines of who holds and waits. */
export function userLines(input: ScreenInput<LimitsData>): number {
  return Math.max(0, limitsLayout(input).usersHeight - 2 - linesAbove(input).length)
}
