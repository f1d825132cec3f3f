import type { Size } from '../../../tui/screens/screen.ts'
import { Terminal } from '../support/terminal.ts'
import { Frame } from './frame.ts'

/** The required content of a frame: a text, a pattern, several of them, or a predicate. */
export type Wanted = string | RegExp | readonly (string | RegExp)[] | ((frame: Frame) => boolean)

export interface StageOptions {
  readonly size?: Size
  /** Of jobs-tui, beside `--store`. */
  readonly args?: readonly string[]
}

/** How tmux names the keys that the keymap calls otherwise. */
const tmuxNames: Readonly<Record<string, string>> = {
  enter: 'Enter',
  esc: 'Escape',
  tab: 'Tab',
  'shift-tab': 'BTab',
  space: 'Space',
  up: 'Up',
  down: 'Down',
  left: 'Left',
  right: 'Right',
  home: 'Home',
  end: 'End',
  'page-up': 'PageUp',
  'page-down': 'PageDown',
  backspace: 'BSpace',
}

/** jobs-tui in a terminal, with keys as the keymap names them and frames in their parts. */
export class Stage {
  readonly terminal: Terminal
  readonly size: Size

  private constructor(terminal: Terminal, size: Size) {
    this.terminal = terminal
    this.size = size
  }

  /** Resolves once Home has read the store. */
  static async open(
    address: string,
    { size = { columns: 80, rows: 24 }, args = [] }: StageOptions = {},
  ): Promise<Stage> {
    const terminal = await Terminal.start({
      ...{ size, args: ['--store', address, ...args] },
      env: { PAGER: 'cat > "$HOME/paged"' },
    })
    const stage = new Stage(terminal, size)
    await stage.shows((frame) => /● live \d/.test(frame.status) && !frame.text.includes('checking what'))
    return stage
  }

  async frame(): Promise<Frame> {
    return new Frame(await this.terminal.lines(), this.size)
  }

  /** Keys of the keymap, one read or several. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const name = tmuxNames[key] ?? key.replace(/^ctrl-/, 'C-')
      if ([...key].length === 1) await this.terminal.type(key)
      else await this.terminal.press(name)
    }
  }

  async type(text: string): Promise<void> {
    await this.terminal.type(text)
  }

  /** Waits until a frame shows it, and resolves to that frame. */
  async shows(wanted: Wanted): Promise<Frame> {
    let frame = new Frame([], this.size)
    await this.terminal
      .shows((screen) => {
        frame = new Frame(screen.split('\n'), this.size)
        return missing(frame, wanted).length === 0
      })
      .catch((error: unknown) => {
        throw new Error(`not on the screen: ${missing(frame, wanted).join(' and ')}`, { cause: error })
      })
    return frame
  }

  async cursorOn(row: string): Promise<Frame> {
    return this.shows((frame) => frame.isBrowsing && frame.cursor?.includes(row) === true)
  }

  /** Opens a place by text typed after `:`. */
  async go(place: string): Promise<void> {
    await this.press(':')
    await this.shows(({ message }) => message.startsWith(':'))
    await this.type(place)
    await this.press('enter')
    await this.shows(({ message }) => !message.startsWith(':'))
  }
}

function missing(frame: Frame, wanted: Wanted): readonly string[] {
  if (typeof wanted === 'function') return wanted(frame) ? [] : [String(wanted)]
  const all = typeof wanted === 'string' || wanted instanceof RegExp ? [wanted] : wanted
  const isThere = (one: string | RegExp): boolean =>
    typeof one === 'string' ? frame.text.includes(one) : one.test(frame.text)
  return all.filter((one) => !isThere(one)).map(String)
}
