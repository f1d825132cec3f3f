import type { Size } from '../../../tui/screens/screen.ts'

/** The text of jobs-tui in a terminal, in the parts that every screen has. */
export class Frame {
  readonly lines: readonly string[]
  readonly #size: Size

  constructor(lines: readonly string[], size: Size) {
    this.lines = lines.slice(0, size.rows)
    this.#size = size
  }

  get text(): string {
    return this.lines.join('\n')
  }

  /** Which store this is, and how it does. */
  get status(): string {
    return this.lines[0] ?? ''
  }

  /** The screens with their digits. */
  get tabs(): string {
    return this.lines[1] ?? ''
  }

  get body(): readonly string[] {
    return this.lines.slice(2, this.#size.rows - 2)
  }

  /** The last message, or the text being typed. */
  get message(): string {
    return this.lines[this.#size.rows - 2] ?? ''
  }

  get keys(): string {
    return this.lines[this.#size.rows - 1] ?? ''
  }

  /** Whether the screen gets the keys, not a dialog, a picker or a text field. */
  get isBrowsing(): boolean {
    return this.keys.includes('? keys')
  }

  /** The row under the cursor of the list that has the keys. */
  get cursor(): string | undefined {
    return this.body.find((line) => /^▸[ *]/.test(line))
  }

  get marked(): readonly string[] {
    return this.body.filter((line) => /^[▸ ]\*/.test(line))
  }
}
