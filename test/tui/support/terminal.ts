import { execFile } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inject, onTestFinished } from 'vitest'
import type { Size } from '../../../tui/screens/screen.ts'
import { TmuxControl } from '../../support/terminal/tmux-control.ts'

const run = promisify(execFile)

export interface TerminalOptions {
  /** Default 80x24. */
  readonly size?: Size
  /** Of jobs-tui. */
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** How long a screen may take to show the awaited text: a net for hangs, not a measure. */
const patienceMs = 60_000

/**
 * jobs-tui in its own terminal: a shell in tmux, which starts it and, when it has ended, records its exit code and the
 * terminal's modes.
 */
export class Terminal {
  readonly #folder: string
  readonly #tmux: TmuxControl
  #asked = 0
  /** How often the screen has changed, or may have. */
  #changes = 0
  #wake: () => void = () => undefined
  /** A test talks with the shell from here on. */
  #isShell = false

  private constructor(folder: string, size: Size, env: Readonly<Record<string, string>>) {
    this.#folder = folder
    const changed = (): void => {
      this.#changes++
      this.#wake()
    }
    this.#tmux = new TmuxControl({
      ...{ socket: join(folder, 'tmux'), size },
      shell: ['env', ...environment(folder, env), 'bash', '--norc', '--noprofile'],
      events: { output: changed, resized: changed },
    })
  }

  static async start({
    size = { columns: 80, rows: 24 },
    args,
    env = {},
  }: TerminalOptions): Promise<Terminal> {
    const folder = mkdtempSync(join(tmpdir(), 'jobs-tui-terminal-'))
    const terminal = new Terminal(folder, size, env)
    onTestFinished(() => terminal.dispose())
    await terminal.#tmux.command('set-option -s set-clipboard on')
    await terminal.#tmux.command('set-option -s buffer-limit 1')
    const program = [process.execPath, inject('jobsTui'), ...args].map(quoted).join(' ')
    // As one job of the shell: otherwise the next command would run when the program is stopped.
    const ending = `echo $? > ${folder}/code; stty -a > ${folder}/after; echo ended`
    const line = `(stty -a > ${folder}/before; ${program}; ${ending})`
    await terminal.type(line)
    await terminal.press('Enter')
    return terminal
  }

  /** Keys as tmux names them: `j`, `Enter`, `Escape`, `C-r`, `Tab`. All of them arrive in one read if nothing else is under way. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux.command(`send-keys -t :0.0 ${keys.map(quoted).join(' ')}`)
  }

  /** Text, letter by letter. */
  async type(text: string): Promise<void> {
    await this.#tmux.type(Buffer.from(text))
  }

  /** Text from the clipboard, in the brackets that mark a paste. */
  async paste(text: string): Promise<void> {
    const file = join(this.#folder, 'pasted')
    writeFileSync(file, text)
    await this.#tmux.command(`load-buffer ${file}`)
    await this.#tmux.command('paste-buffer -p -t :0.0')
  }

  /** The text copied last by OSC 52; '' before any copy. */
  async copied(): Promise<string> {
    const file = join(this.#folder, 'copied')
    const isThere = await this.#tmux.command(`save-buffer ${file}`).then(
      () => true,
      () => false,
    )
    return isThere ? readFileSync(file, 'utf8') : ''
  }

  async forgetCopied(): Promise<void> {
    await this.#tmux.command('delete-buffer').catch(() => '')
  }

  /** Writes onto the screen past the program, as another process of the same terminal would. */
  async scribble(text: string): Promise<void> {
    const path = await this.#tmux.command("display-message -p -t :0.0 '#{pane_tty}'")
    const tty = openSync(path, constants.O_WRONLY | constants.O_NOCTTY)
    writeSync(tty, text)
    closeSync(tty)
  }

  /** A file in the home folder of the program; undefined while there is none. */
  file(name: string): string | undefined {
    const path = join(this.#folder, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  async resize(size: Size): Promise<void> {
    await this.#tmux.resize(size)
  }

  /** The text of the screen, line by line, without padding. */
  async lines(): Promise<readonly string[]> {
    const text = await this.#tmux.command('capture-pane -p -t :0.0')
    return text.split('\n').map((line) => line.trimEnd())
  }

  async screen(): Promise<string> {
    return (await this.lines()).join('\n')
  }

  /** Waits until the screen shows a text, or until it is as a test wants it. Resolves to the screen. */
  async shows(wanted: string | RegExp | ((screen: string) => boolean)): Promise<string> {
    const isThere =
      typeof wanted === 'function'
        ? wanted
        : (screen: string): boolean =>
            typeof wanted === 'string' ? screen.includes(wanted) : wanted.test(screen)
    const until = performance.now() + patienceMs
    for (;;) {
      const seen = this.#changes
      const screen = await this.screen()
      if (isThere(screen)) return screen
      // A program that has ended shows nothing more; the shell does.
      const hasEnded = !this.#isShell && /^ended$/m.test(screen)
      if (hasEnded || performance.now() > until) throw new Error(`never shown: ${String(wanted)}\n${screen}`)
      await this.#changed(seen, until)
    }
  }

  /** Resolves at the next change of the screen, or after `ms`: for a key that may have been dropped. */
  async change(ms: number): Promise<void> {
    await this.#changed(this.#changes, performance.now() + ms)
  }

  /** Resolves once the screen has changed more than `seen` times, or when it is `until`. */
  async #changed(seen: number, until: number): Promise<void> {
    if (this.#changes > seen) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const net = setTimeout(resolve, until - performance.now())
    await promise
    clearTimeout(net)
  }

  /** PID of the program, which runs in the shell's foreground or is stopped. */
  async pid(): Promise<number> {
    const shell = await this.#tmux.command("display-message -p -t :0.0 '#{pane_pid}'")
    return childOf(await childOf(Number(shell)))
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.pid(), signal)
  }

  /** Waits for the program's end, and returns the state of the terminal. */
  async ended(): Promise<{
    readonly code: number
    /** The output of `stty -a`. */
    readonly before: string
    readonly after: string
    readonly screen: string
  }> {
    this.#isShell = true
    const screen = await this.shows(/^ended$/m)
    const read = (name: string): string => readFileSync(join(this.#folder, name), 'utf8')
    return { code: Number(read('code')), before: read('before'), after: read('after'), screen }
  }

  /** The output of `stty -a` in the shell now, and before the program was started. */
  async modes(): Promise<{ readonly before: string; readonly now: string }> {
    this.#isShell = true
    this.#asked++
    await this.type(`stty -a > ${this.#folder}/now; echo "modes" ${this.#asked}`)
    await this.press('Enter')
    await this.shows(`modes ${this.#asked}`)
    const read = (name: string): string => readFileSync(join(this.#folder, name), 'utf8')
    return { before: read('before'), now: read('now') }
  }

  dispose(): void {
    this.#tmux.close()
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function childOf(parent: number): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(parent)])
  return Number(stdout.trim().split('\n')[0])
}

/** Only this, so that no variable of the tests' own process changes the behavior of the program. */
function environment(folder: string, env: Readonly<Record<string, string>>): readonly string[] {
  const own = { PATH: process.env.PATH ?? '', HOME: folder, LANG: 'C.UTF-8', PS1: '$ ', HISTFILE: '', ...env }
  return [
    '-i',
    ...Object.entries({ TERM: 'tmux-256color', ...own }).map(([name, value]) => `${name}=${value}`),
  ]
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
