import type { CellSpan, CellStyle } from './terminal-cells.ts'

const cell = { width: 8.4, height: 18, baseline: 13.5, fontSize: 14 } as const
const margin = 14
const ground = '#22272e'
const ink = '#adbac7'
const fonts = "ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace"

export interface Picture {
  /** What a reader who can't see it is told. */
  readonly title: string
  readonly columns: number
  readonly rows: number
  readonly lines: readonly (readonly CellSpan[])[]
}

/**
 * A terminal's cells as one SVG picture that needs nothing beside itself. Each span is stretched to its cells, so that columns
 * stay in line whatever font a reader has; blocks are drawn, because the glyphs of many fonts leave gaps between them.
 */
export function screenSvg({ title, columns, rows, lines }: Picture): string {
  const width = round(columns * cell.width + 2 * margin)
  const height = round(rows * cell.height + 2 * margin)
  const drawn = lines.slice(0, rows).flatMap((spans, row) => spans.flatMap((span) => drawSpan(span, row)))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${ground}"/>`,
    `<g font-family="${fonts}" font-size="${cell.fontSize}" xml:space="preserve" fill="${ink}" shape-rendering="crispEdges">`,
    ...drawn,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

/** Eighths of a cell that a block takes from below, or from the left. */
const blocksFromBelow = '▁▂▃▄▅▆▇█'
const blocksFromLeft = '▏▎▍▌▋▊▉'

function drawSpan(span: CellSpan, row: number): string[] {
  const { color, background } = colorsOf(span.style)
  const [x, y] = [margin + span.column * cell.width, margin + row * cell.height]
  const box =
    background === undefined
      ? []
      : [rect(x, y, { width: span.width * cell.width, height: cell.height }, background)]
  return [...box, ...piecesOf(span).flatMap((piece) => drawPiece(piece, [x, y], { ...span.style, color }))]
}

interface Piece {
  readonly text: string
  /** Cells from the begin of the span. */
  readonly offset: number
  readonly width: number
}

/** Equal blocks, and the text between blocks and wide gaps: a font whose blanks are narrow moves no column. */
const pieces = /([▁-█])\1*|[▏▎▍▌▋▊▉]|(?:[^▁-█▏▎▍▌▋▊▉ ]| (?! ))+/gu

/** Blanks at both ends are left out. */
function piecesOf({ text, width }: CellSpan): Piece[] {
  // Where a sign is wider than a cell, or has none of its own, places can't be counted by characters.
  const all = text.length === width ? [...text.matchAll(pieces)] : [{ 0: text, index: 0 }]
  return all.flatMap(({ 0: piece, index }) => {
    const before = piece.length - piece.trimStart().length
    const shown = piece.trim()
    const cells = width - text.length + shown.length
    return shown === '' ? [] : [{ text: shown, offset: index + before, width: cells }]
  })
}

function drawPiece(
  { text, offset, width }: Piece,
  [left, top]: readonly [number, number],
  style: CellStyle & { readonly color: string },
): string[] {
  const x = left + offset * cell.width
  const below = blocksFromBelow.indexOf(text.charAt(0)) + 1
  if (below > 0) {
    const height = (cell.height * below) / 8
    return [
      rect(x, top + cell.height - height, { width: width * cell.width, height }, style.color, style.dim),
    ]
  }
  const fromLeft = blocksFromLeft.indexOf(text) + 1
  if (fromLeft > 0) {
    const part = { width: (cell.width * fromLeft) / 8, height: cell.height }
    return [rect(x, top, part, style.color, style.dim)]
  }
  const stretched = `textLength="${round(width * cell.width)}"`
  const place = `x="${round(x)}" y="${round(top + cell.baseline)}"`
  return [`<text ${place} ${stretched}${attributesOf(style)}>${escaped(text)}</text>`]
}

function colorsOf({ color, background, inverse }: CellStyle): {
  readonly color: string
  readonly background: string | undefined
} {
  return inverse
    ? { color: background ?? ground, background: color ?? ink }
    : { color: color ?? ink, background }
}

function attributesOf({
  color,
  bold,
  dim,
  italic,
  underline,
}: CellStyle & { readonly color: string }): string {
  return [
    color === ink ? '' : ` fill="${color}"`,
    bold ? ' font-weight="700"' : '',
    dim ? ' fill-opacity="0.6"' : '',
    italic ? ' font-style="italic"' : '',
    underline ? ' text-decoration="underline"' : '',
  ].join('')
}

function rect(
  x: number,
  y: number,
  { width, height }: { readonly width: number; readonly height: number },
  fill: string,
  dim?: true,
): string {
  const size = `width="${round(width)}" height="${round(height)}"`
  return `<rect x="${round(x)}" y="${round(y)}" ${size} fill="${fill}"${dim ? ' fill-opacity="0.6"' : ''}/>`
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign)
}
