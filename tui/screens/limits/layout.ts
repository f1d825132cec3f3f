import { type ListLayout, listLayout } from '../../kit/list-layout.ts'
import type { ScreenInput } from '../screen.ts'
import type { LimitsData } from './limits-data.ts'

/** How Limits divides what is below its list: keys beside who holds and waits, or above that on a narrow terminal. */
export interface LimitsLayout extends ListLayout {
  readonly isWide: boolean
  readonly keysWidth: number
  readonly keysHeight: number
  /** Lines of keys. */
  readonly keyRows: number
  readonly textWidth: number
  readonly textHeight: number
}

const wideColumns = 140

export function limitsLayout(input: Pick<ScreenInput<LimitsData>, 'size' | 'place'>): LimitsLayout {
  const layout = listLayout(input)
  const { detailHeight } = layout
  const { columns } = input.size
  const isWide = columns >= wideColumns
  const keysWidth = isWide ? Math.floor(columns * 0.4) : columns
  // At least two keys.
  const keysHeight = isWide
    ? detailHeight
    : detailHeight === 0
      ? 0
      : Math.max(4, Math.floor(detailHeight * 0.45))
  return {
    ...{ ...layout, isWide, keysWidth, keysHeight, keyRows: Math.max(0, keysHeight - 2) },
    textWidth: isWide ? columns - keysWidth - 1 : columns,
    textHeight: isWide ? detailHeight : detailHeight - keysHeight,
  }
}
