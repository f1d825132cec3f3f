import { type Span, span } from './span.ts'

const nameWidth = 10
/** Columns in front of a value. */
export const fieldMargin: number = nameWidth + 1

/** A line of a detail pane: what it is, then what is known of it. */
export function fieldLine(name: string, ...value: readonly (Span | string)[]): readonly Span[] {
  const spans = value.map((one) => (typeof one === 'string' ? span(one) : one))
  return [span(` ${name.padEnd(nameWidth)}`, 'dim'), ...spans]
}
