import { Text } from 'ink'
import { type Context, createContext, type ReactElement, useContext } from 'react'
import { asciiText } from './ascii.ts'
import type { Span } from './span.ts'
import { toneStyles } from './tone.ts'

/** Whether this terminal shows ASCII alone: also of what the store holds. */
export const AsciiAlone: Context<boolean> = createContext(false)

/** One line of the screen, also where nothing stands in it: a text without a character would have no height. */
export function Spans({ spans }: { readonly spans: readonly Span[] }): ReactElement {
  const ascii = useContext(AsciiAlone)
  if (spans.every(({ text }) => text === '')) return <Text> </Text>
  return (
    <Text wrap="truncate-end">
      {spans.map(({ text, tone = 'plain', inverse = false }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a span has no identity but its place
        <Text key={i} inverse={inverse} {...toneStyles[tone]}>
          {ascii ? asciiText(text) : text}
        </Text>
      ))}
    </Text>
  )
}
