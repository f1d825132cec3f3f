import { textWidth } from '../plain-text.ts'
import { type DemoScreen, paintLine, type Span } from './screen.ts'

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
const clearLine = '\x1b[K'
const clearBelow = '\x1b[J'

/** Draws frames over one another, and hides the cursor until it ends. */
export class FramePainter {
  readonly #screen: DemoScreen
  #widths: readonly number[] = []

  constructor(screen: DemoScreen) {
    this.#screen = screen
    process.once('exit', this.end)
    screen.write(hideCursor)
  }

  /** A frame of more rows than the terminal has can't be drawn over. */
  paint(frame: readonly (readonly Span[])[], columns: number): void {
    // A terminal that became narrower has broken the lines of the last frame.
    const rows = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    this.#widths = frame.map((spans) => spans.reduce((sum, [text]) => sum + textWidth(text), 0))
    const lines = frame.map((spans) => `${paintLine(spans, columns - 1)}${clearLine}\n`)
    this.#screen.write(`${rows === 0 ? '' : `\x1b[${rows}A\r`}${lines.join('')}${clearBelow}`)
  }

  readonly end = (): void => {
    process.off('exit', this.end)
    this.#screen.write(showCursor)
  }
}
