import type { ReactElement } from 'react'
import type { ListWindow } from '../screens/screen.ts'
import { documentSpans } from './document.ts'
import { Lines } from './lines.tsx'
import type { Look } from './look.ts'

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
  return <Lines lines={documentSpans(window, { look, width })} width={width} />
}
