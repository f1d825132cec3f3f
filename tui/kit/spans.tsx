import { Text } from 'ink'
import { type ReactElement, useContext } from 'react'
import { AsciiOnly } from './ascii-only.ts'
import { asciiText } from './ascii-text.ts'
import type { Span } from './span.ts'
import { toneStyles } from './tone.ts'

/** One line of the screen. */
export function Spans({ spans }: { readonly spans: readonly Span[] }): ReactElement {
  const isAscii = useContext(AsciiOnly)
  return (
    <Text wrap="truncate-end">
      {spans.map(({ text, tone = 'plain', inverse = false }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a span has no identity but its place
        <Text key={i} inverse={inverse} {...toneStyles[tone]}>
          {isAscii ? asciiText(text) : text}
        </Text>
      ))}
    </Text>
  )
}
