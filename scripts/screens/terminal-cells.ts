/** How a cell is drawn. Colors are as CSS wants them; left out: the terminal's own. */
export interface CellStyle {
  readonly color?: string
  readonly background?: string
  readonly bold?: true
  readonly dim?: true
  readonly italic?: true
  readonly underline?: true
  readonly inverse?: true
}

/** Text of one style, from a column on. */
export interface CellSpan {
  readonly column: number
  readonly text: string
  /** In cells. */
  readonly width: number
  readonly style: CellStyle
}

/** The 16 colors of a terminal, by number. */
const palette: readonly string[] = [
  ...['#1c2128', '#f47067', '#57ab5a', '#c69026', '#539bf5', '#b083f0', '#39c5cf', '#adbac7'],
  ...['#768390', '#ff938a', '#6bc46d', '#daaa3f', '#6cb6ff', '#dcbdfb', '#56d4dd', '#cdd9e5'],
]
const cubeLevels: readonly number[] = [0, 95, 135, 175, 215, 255]

/**
 * Reads text with SGR sequences, as `tmux capture-pane -e` prints it: a style goes on in the next line. Other sequences and
 * control characters are left out.
 */
export function terminalCells(text: string): CellSpan[][] {
  let style: CellStyle = {}
  const lines = text.replace(/\n$/, '').split('\n')
  return lines.map((line) => {
    const spans: CellSpan[] = []
    let column = 0
    for (const [piece] of line.matchAll(pieces)) {
      const codes = sgr.exec(piece)?.[1]
      if (codes !== undefined) style = styled(style, codes)
      else if (!piece.startsWith('\u001b')) {
        const shown = piece.replace(controls, '')
        const width = widthOf(shown)
        if (width > 0) spans.push({ column, text: shown, width, style })
        column += width
      }
    }
    return spans
  })
}

/** A sequence of control characters (CSI, OSC, or two characters), or text up to the next one. */
const pieces =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it's what they are
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[ -/]*.|[^\u001b]+/gu
// biome-ignore lint/suspicious/noControlCharactersInRegex: it's what they are
const sgr = /^\u001b\[([0-9;:]*)m$/
const controls = /[\p{Cc}\p{Cf}]/gu
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u
const combining = /\p{M}/u

function widthOf(text: string): number {
  let width = 0
  for (const sign of text) width += combining.test(sign) ? 0 : wide.test(sign) ? 2 : 1
  return width
}

const switches: Readonly<Record<number, (style: CellStyle) => CellStyle>> = {
  0: () => ({}),
  1: (style) => ({ ...style, bold: true }),
  2: (style) => ({ ...style, dim: true }),
  3: (style) => ({ ...style, italic: true }),
  4: (style) => ({ ...style, underline: true }),
  7: (style) => ({ ...style, inverse: true }),
  22: ({ bold: _, dim: __, ...style }) => style,
  23: ({ italic: _, ...style }) => style,
  24: ({ underline: _, ...style }) => style,
  27: ({ inverse: _, ...style }) => style,
  39: ({ color: _, ...style }) => style,
  49: ({ background: _, ...style }) => style,
}

function styled(style: CellStyle, text: string): CellStyle {
  const codes = text.split(/[;:]/).map(Number)
  let result = style
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0
    if (code === 38 || code === 48) {
      const part = code === 38 ? 'color' : 'background'
      const isIndex = codes[i + 1] === 5
      const color = isIndex ? indexed(codes[i + 2] ?? 0) : rgb(codes.slice(i + 2, i + 5))
      result = { ...result, [part]: color }
      i += isIndex ? 2 : 4
    } else result = switches[code]?.(result) ?? colored(result, code)
  }
  return result
}

/** The sixteen colors have a code of their own each. */
function colored(style: CellStyle, code: number): CellStyle {
  const bright = code >= 90 ? 8 : 0
  const number = code % 10
  if (number > 7) return style
  const decade = Math.floor(code / 10)
  if (decade === 3 || decade === 9) return { ...style, color: indexed(number + bright) }
  if (decade === 4 || decade === 10) return { ...style, background: indexed(number + bright) }
  return style
}

function indexed(number: number): string {
  const own = palette[number]
  if (own !== undefined) return own
  if (number >= 232) return rgb([8 + (number - 232) * 10, 8 + (number - 232) * 10, 8 + (number - 232) * 10])
  const cube = number - 16
  return rgb(
    [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => cubeLevels[level] ?? 0),
  )
}

function rgb(levels: readonly number[]): string {
  return `#${levels.map((level) => level.toString(16).padStart(2, '0')).join('')}`
}
