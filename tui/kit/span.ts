import { clip, plainText, textWidth } from '../../runtime/cli/plain-text.ts'
import type { Tone } from './tone.ts'

/** A piece of a line. Its text is harmless to a terminal and takes one line. */
export interface Span {
  readonly text: string
  readonly tone?: Tone
  /** Drawn in reverse, as a cursor; never the only sign of it. */
  readonly inverse?: boolean
}

export function span(text: string, tone?: Tone): Span {
  const safe = plainText(text).replaceAll('\n', ' ')
  return tone === undefined ? { text: safe } : { text: safe, tone }
}

export function widthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + textWidth(text), 0)
}

/** The same without its style. */
export function spansText(spans: readonly Span[]): string {
  return spans.map(({ text }) => text).join('')
}

/** As much of the spans as `width` holds; an ellipsis where something was cut. */
export function fitSpans(spans: readonly Span[], width: number): readonly Span[] {
  if (widthOf(spans) <= width) return spans
  const fitting: Span[] = []
  let left = width
  for (const one of spans) {
    if (left <= 0) break
    const text = textWidth(one.text) <= left ? one.text : clip(one.text, left)
    fitting.push({ ...one, text })
    left -= textWidth(text)
  }
  return fitting
}

/** A line of exactly `width`: `right` is at its end, and `left` is cut if needed. */
export function spread(left: readonly Span[], right: readonly Span[], width: number): readonly Span[] {
  const end = fitSpans(right, width)
  const room = width - widthOf(end)
  const begin = fitSpans(left, widthOf(end) === 0 ? room : Math.max(0, room - 1))
  return [...begin, { text: ' '.repeat(Math.max(0, room - widthOf(begin))) }, ...end]
}
