import { Box } from 'ink'
import type { ReactElement, ReactNode } from 'react'
import { textWidth } from '../../runtime/cli/plain-text.ts'
import type { Look } from './look.ts'
import { fitSpans, type Span, span } from './span.ts'
import { Spans } from './spans.tsx'

export interface PaneProps {
  readonly title: string
  /** Behind the title, in a tone of its own. */
  readonly note?: Span | undefined
  readonly width: number
  readonly height: number
  /** Whether it has the keys, where there are several panes. */
  readonly active?: boolean | undefined
  readonly look: Look
  readonly children: ReactNode
}

/** Lines under a rule with a title: as much of them as the height holds. */
export function Pane({
  title,
  note,
  width,
  height,
  active = false,
  look,
  children,
}: PaneProps): ReactElement {
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0} overflow="hidden">
      <Box height={1} flexShrink={0}>
        <Spans spans={ruleSpans({ title, note, width, active, look })} />
      </Box>
      {/* Else its lines would be squeezed into the height, one over the other, instead of cut. */}
      <Box flexDirection="column" flexShrink={0}>
        {children}
      </Box>
    </Box>
  )
}

function ruleSpans({
  title,
  note,
  width,
  active,
  look,
}: Omit<PaneProps, 'height' | 'children'>): readonly Span[] {
  const dash = look.ascii ? '-' : '─'
  const head = [
    span(`${active ? look.glyphs.cursor : dash}${dash} `, active ? 'key' : 'dim'),
    span(title, active ? 'key' : 'title'),
    ...(note === undefined ? [] : [span(' '), note]),
    span(' '),
  ]
  const used = head.reduce((sum, { text }) => sum + textWidth(text), 0)
  return fitSpans([...head, span(dash.repeat(Math.max(0, width - used)), 'dim')], width)
}
