import type { ReactElement } from 'react'
import { Lines } from './lines.tsx'
import { Pane, type PaneProps } from './pane.tsx'
import { type Span, span } from './span.ts'

export interface DetailPaneProps extends Omit<PaneProps, 'children' | 'active'> {
  readonly lines: readonly (readonly Span[])[]
}

/** A screen's details of the row under the cursor; the last line says how many don't fit. */
export function DetailPane({ lines, ...pane }: DetailPaneProps): ReactElement | null {
  const { height, width } = pane
  if (height === 0) return null
  const room = height - 1
  const shown = lines.length <= room ? lines : lines.slice(0, room - 1)
  const left = lines.length - shown.length
  const more = left === 0 ? [] : [[span(` ${left} more lines: z`, 'dim')]]
  return (
    <Pane {...pane}>
      <Lines lines={[...shown, ...more]} width={width} />
    </Pane>
  )
}
