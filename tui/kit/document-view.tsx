import { Box } from 'ink'
import type { ReactElement } from 'react'
import type { ListWindow } from '../screens/screen.ts'
import { documentSpans } from './document.ts'
import type { Look } from './look.ts'
import { Spans } from './spans.tsx'

/** The window of a document. */
export function DocumentView({
  window,
  look,
  width,
}: {
  readonly window: ListWindow
  readonly look: Look
  readonly width: number
}): ReactElement {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {documentSpans(window, { look, width }).map((spans, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its place
        <Spans key={i} spans={spans} />
      ))}
    </Box>
  )
}
