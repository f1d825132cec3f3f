import { textWidth, wrap } from '../../runtime/cli/plain-text.ts'
import type { ListWindow, Row } from '../screens/screen.ts'
import type { Look } from './look.ts'
import { fitSpans, type Span, span, spansText, widthOf } from './span.ts'
import type { Tone } from './tone.ts'

/*
 * Text that scrolls and folds: a list whose rows are lines.
 * D1  A line's id stays the same while its content keeps its position, so that cursor and folds survive a new read.
 * D2  Lines have the requested width: longer ones continue in further ones, whose ids end with `~` and their number.
 */

export interface DocumentLine extends Row {
  readonly depth: number
  readonly spans: readonly Span[]
  /** Left out: it has nothing below it to fold. */
  readonly fold?: 'folded' | 'open'
}

type LineFacts = Pick<DocumentLine, 'id' | 'spans'> & Partial<DocumentLine>

export function documentLine(facts: LineFacts): DocumentLine {
  return { depth: 0, ...facts }
}

/** Sentences, each in as many lines as it takes. */
export function sentenceLines(
  id: string,
  text: string,
  { width, tone, ...facts }: { readonly width: number; readonly tone?: Tone } & Partial<DocumentLine>,
): readonly DocumentLine[] {
  const { depth = 0 } = facts
  const room = Math.max(20, width - marginWidth - 2 * depth)
  return text
    .split('\n')
    .flatMap((line) => wrap(line, room))
    .map((line, i) => documentLine({ ...facts, id: i === 0 ? id : `${id}~${i}`, spans: [span(line, tone)] }))
}

/** Where a line that is too long is broken: `anywhere` keeps each character, as in values. */
type Breaks = 'anywhere' | 'between words'

/** A line in as many as it takes. */
export function brokenLines(
  line: DocumentLine,
  width: number,
  breaks: Breaks = 'anywhere',
): readonly DocumentLine[] {
  const room = Math.max(20, width - marginWidth - 2 * line.depth)
  if (widthOf(line.spans) <= room) return [line]
  const pieces = broken(line.spans, room, breaks)
  const { fold: _, ...rest } = line
  return pieces.map((spans, i) => (i === 0 ? { ...line, spans } : { ...rest, id: `${line.id}~${i}`, spans }))
}

function broken(spans: readonly Span[], room: number, breaks: Breaks): readonly (readonly Span[])[] {
  const lines: Span[][] = [[]]
  let left = room
  for (const { text, ...look } of spans) {
    let piece = ''
    for (const character of text) {
      const width = textWidth(character)
      if (width > left) {
        const isBlank = breaks === 'between words' && character === ' '
        const end = breaks === 'anywhere' || isBlank ? piece.length : lastWord(piece, room)
        lines.at(-1)?.push({ ...look, text: piece.slice(0, end) })
        lines.push([])
        piece = piece.slice(end)
        left = room - textWidth(piece)
        if (isBlank) continue
      }
      piece += character
      left -= width
    }
    if (piece !== '') lines.at(-1)?.push({ ...look, text: piece })
  }
  return lines
}

/** Where the last word of a piece begins; at its end where that word would leave half of the line empty. */
function lastWord(piece: string, room: number): number {
  const begin = piece.lastIndexOf(' ') + 1
  return begin === 0 || textWidth(piece.slice(begin)) > room / 2 ? piece.length : begin
}

/** Cursor, sign of a fold, and a space. */
const marginWidth = 4

/** The window of a document, as it is drawn. */
export function documentSpans(
  window: ListWindow,
  { look, width }: { readonly look: Look; readonly width: number },
): readonly (readonly Span[])[] {
  return (window.rows as readonly DocumentLine[]).map(({ depth, spans, fold }, i) => {
    const isCursor = window.active && i === window.line
    const sign = fold === undefined ? ' ' : fold === 'folded' ? '+' : '-'
    const margin = [
      span(isCursor ? look.glyphs.cursor : ' ', 'key'),
      span(` ${sign} `, 'key'),
      span('  '.repeat(depth)),
    ]
    const shown = isCursor ? spans.map((one) => ({ ...one, inverse: true })) : spans
    return fitSpans([...margin, ...shown], width)
  })
}

/** A document without folds, as a pager takes it. */
export function documentText(lines: readonly DocumentLine[]): string {
  return `${lines.map(({ depth, spans }) => '  '.repeat(depth) + spansText(spans)).join('\n')}\n`
}
