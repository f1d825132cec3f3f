import { Box } from 'ink'
import type { ReactElement } from 'react'
import { fitSpans, type Span } from './span.ts'
import { Spans } from './spans.tsx'

/** Lines of text that are cut at `width`. */
export function Lines({
  lines,
  width,
}: {
  readonly lines: readonly (readonly Span[])[]
  readonly width: number
}): ReactElement {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((spans, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its place
        <Spans key={i} spans={fitSpans(spans, width)} />
      ))}
    </Box>
  )
}
