import { textWidth } from '../../runtime/cli/plain-text.ts'
import { bytesIn, hexLines, isLongBytes } from './byte-text.ts'
import { escapedText } from './quoted-text.ts'
import { headText, partsOf, previewText } from './value-parts.ts'

/*
 * A stored value as lines that fold.
 * V1  A line is harmless: it has no character that steers a terminal or reverses text, for any stored value.
 * V2  A path names a line for as long as the value is the same, so that folds survive a new read of the value.
 */

export interface ValueLine {
  /** '' for the whole value. */
  readonly path: string
  readonly depth: number
  /** Without its indent. */
  readonly text: string
  readonly foldable: boolean
  readonly folded: boolean
}

export interface ValueOptions {
  /** Paths whose fold state differs from the initial one: deep or long values begin folded, the rest unfolded. */
  readonly toggled?: ReadonlySet<string>
  /** How many levels begin unfolded. Default: 2. */
  readonly openDepth?: number
}

/** A longer string, or one of several lines, folds. */
const maxText = 200
/** So many parts of one value are shown at a time; a line below them shows further ones. */
const maxParts = 100
const maxBytes = 4_096
const previewRoom = 80

export function valueLines(
  value: unknown,
  { toggled = new Set(), openDepth = 2 }: ValueOptions = {},
): ValueLine[] {
  const lines: ValueLine[] = []
  const walk: Walk = { lines, toggled, openDepth, parents: [] }
  addValue(walk, { label: '', path: '', depth: 0, value })
  return lines
}

interface Walk {
  readonly lines: ValueLine[]
  readonly toggled: ReadonlySet<string>
  readonly openDepth: number
  /** What holds the value: a value that holds itself is not walked through again. */
  readonly parents: object[]
}

interface Place {
  readonly label: string
  readonly path: string
  readonly depth: number
  readonly value: unknown
}

function addValue(walk: Walk, place: Place): void {
  const { value } = place
  if (typeof value === 'object' && value !== null && walk.parents.includes(value)) {
    addLine(walk, place, '[circular]')
    return
  }
  const bytes = bytesIn(value)
  if (bytes !== undefined && isLongBytes(bytes))
    addText(walk, place, headText(value), () => hexLines(bytes, maxBytes))
  else if (typeof value === 'string' && isLong(value))
    addText(walk, place, clippedText(value), () => textLines(value))
  else if (partsOf(value)?.length) addHolder(walk, place)
  else addLine(walk, place, emptyText(value))
}

/** An error without any fields is its head; other values that hold nothing are their brackets. */
function emptyText(value: unknown): string {
  const parts = partsOf(value)
  return parts === undefined ? headText(value) : previewText(value, previewRoom)
}

function isLong(text: string): boolean {
  return text.length > maxText || text.includes('\n')
}

function clippedText(text: string): string {
  if (text.length <= maxText) return headText(text)
  const kept = text.slice(0, maxText).replace(/[\ud800-\udbff]$/, '')
  return `${headText(kept)}… (${text.length.toLocaleString('en')} characters)`
}

/** A text by its own lines; those that are too long are broken. */
function textLines(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const pieces: string[] = []
    let [piece, width] = ['', 0]
    for (const character of line) {
      const own = textWidth(character)
      if (width + own > maxText) {
        pieces.push(piece)
        piece = ''
        width = 0
      }
      piece += character
      width += own
    }
    return [...pieces, piece].map(escapedText)
  })
}

function addText(walk: Walk, place: Place, head: string, below: () => readonly string[]): void {
  const folded = !walk.toggled.has(place.path)
  addLine(walk, place, head, { foldable: true, folded })
  if (folded) return
  for (const [i, text] of below().entries()) {
    const path = `${place.path}:${i}`
    walk.lines.push({ path, depth: place.depth + 1, text, foldable: false, folded: false })
  }
}

function addHolder(walk: Walk, place: Place): void {
  const { path, depth, value } = place
  const folded = depth < walk.openDepth === walk.toggled.has(path)
  addLine(walk, place, folded ? previewText(value, previewRoom) : headText(value), { foldable: true, folded })
  if (folded) return
  const parts = partsOf(value) ?? []
  walk.parents.push(value as object)
  for (let from = 0; from < parts.length; from += maxParts) {
    const more = `${path}[${from}…]`
    if (from > 0 && !walk.toggled.has(more)) {
      const text = `… ${(parts.length - from).toLocaleString('en')} more`
      walk.lines.push({ path: more, depth: depth + 1, text, foldable: true, folded: true })
      break
    }
    for (const { label, step, value: inner } of parts.slice(from, from + maxParts)) {
      addValue(walk, { label, path: path + step, depth: depth + 1, value: inner })
    }
  }
  walk.parents.pop()
}

function addLine(
  { lines }: Walk,
  { label, path, depth }: Place,
  text: string,
  fold: Pick<ValueLine, 'foldable' | 'folded'> = { foldable: false, folded: false },
): void {
  lines.push({ path, depth, text: label === '' ? text : `${label} ${text}`, ...fold })
}
