import type { TextField } from '../app/text-field.ts'
import type { Span } from './span.ts'

/** A text field with its caret; drawn in reverse, and as `_` behind the text so that it is seen without that. */
export function fieldSpans({ text, caret }: TextField): readonly Span[] {
  const under = text.slice(caret, caret + 1)
  return [
    { text: text.slice(0, caret) },
    { text: under === '' ? '_' : under, inverse: true },
    { text: text.slice(caret + 1) },
  ]
}
