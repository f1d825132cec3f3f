import { styleText } from 'node:util'
import { clip, textWidth } from '../plain-text.ts'

/** Where the demo is shown. */
export interface DemoScreen {
  /** Whether a person watches, who may want to inspect the files afterwards. */
  readonly terminal: boolean
  /** Whether output can be drawn over, in colours. */
  readonly live: boolean
  /** Left out if lines may be of any length. */
  readonly columns: () => number | undefined
  write(text: string): void
}

type Format = Parameters<typeof styleText>[0]
/** A piece of a line, and how it is painted. */
export type Span = readonly [text: string, format?: Format]

const fewestColumns = 30
const fewestRows = 16

/** Returns the terminal; without one, with NO_COLOR, or on a tiny one: plain lines. */
export function terminalScreen(): DemoScreen {
  const { stdout, env } = process
  const big = stdout.isTTY && stdout.columns >= fewestColumns && stdout.rows >= fewestRows
  const plain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb'
  return {
    terminal: stdout.isTTY === true,
    live: big && !plain,
    columns: () => (stdout.isTTY ? stdout.columns : undefined),
    write: (text) => stdout.write(text),
  }
}

/** One line, cut to `width`. */
export function paintLine(spans: readonly Span[], width: number): string {
  let left = width
  let line = ''
  for (const [text, format] of spans) {
    if (left <= 0) break
    const clipped = clip(text, left)
    left -= textWidth(clipped)
    line += format === undefined ? clipped : styleText(format, clipped, { validateStream: false })
  }
  return line
}
