import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Terminal as Emulator } from '@xterm/headless'
import type { Size } from '../../../tui/screens/screen.ts'
import { TmuxControl } from './tmux-control.ts'

const run = promisify(execFile)
/** Node finds no names in its CommonJS; scripts that load this file have no bundler that would. */
const headless = createRequire(import.meta.url)('@xterm/headless') as typeof import('@xterm/headless')

export interface RecordedTerminalOptions {
  readonly size: Size
  /** The command that runs in it, with its arguments. */
  readonly program: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The script around the program outlives the terminal, so that it can record the exit code. */
  readonly outlives?: boolean
}

/** How long a screen may take to show the awaited text: a net for hangs, not a measure. */
const patienceMs = 120_000

type Wanted = (terminal: RecordedTerminal) => boolean

interface Waiter {
  readonly wanted: Wanted
  readonly resolve: () => void
}

/**
 * A program in its own terminal, whose bytes are recorded and fed to an emulator as they arrive. A test can so compare
 * its output with the screen. The shell starts it by `sh run`, which writes down the terminal's modes before
 * and after it, and its exit code.
 */
export class RecordedTerminal {
  readonly folder: string
  readonly #tmux: TmuxControl
  readonly #emulator: Emulator
  readonly #chunks: Buffer[] = []
  /** The emulator's own drops some characters whose bytes come in two parts. */
  readonly #decoder = new TextDecoder()
  readonly #waiters = new Set<Waiter>()
  /** The terminal has another size than the frame that the program painted last. */
  #isResizing = false
  #isChangingScreens = false
  /** The screen when the current frame began. */
  #before: readonly string[] | undefined
  #frames = 0
  #wipes = 0
  #faults: string[] = []

  private constructor({ size, program, env, outlives }: Required<RecordedTerminalOptions>) {
    this.folder = mkdtempSync(join(tmpdir(), 'recorded-terminal-'))
    this.#emulator = new headless.Terminal({
      ...{ cols: size.columns, rows: size.rows, scrollback: 10_000, allowProposedApi: true },
    })
    this.#watchFrames()
    writeFileSync(join(this.folder, 'run'), `${outlives ? "trap '' HUP\n" : ''}${script(program)}`)
    this.#tmux = new TmuxControl({
      ...{ socket: join(this.folder, 'tmux'), size },
      shell: ['env', ...environment(this.folder, env), 'bash', '--norc', '--noprofile'],
      events: {
        output: (bytes) => this.#take(bytes),
        resized: ({ columns, rows }) => {
          this.#isResizing = true
          // After the bytes that came before it.
          this.#emulator.write('', () => this.#emulator.resize(columns, rows))
        },
      },
    })
  }

  /** Starts the program, or only the shell it will be started from: see `begin`. */
  static async open(options: RecordedTerminalOptions): Promise<RecordedTerminal> {
    const terminal = new RecordedTerminal({ env: {}, outlives: false, ...options })
    // Of the shell that has not written it yet, or that wrote it before the client was there.
    await terminal.#tmux.command('refresh-client')
    await terminal.type('PS1="> "; clear\r')
    await terminal.until((now) => now.lines()[0] === '>')
    return terminal
  }

  static async start(options: RecordedTerminalOptions): Promise<RecordedTerminal> {
    const terminal = await RecordedTerminal.open(options)
    await terminal.begin()
    return terminal
  }

  async begin(): Promise<void> {
    await this.type(`cd ${this.folder}; sh run\r`)
  }

  /** Sends text as if it were typed, all of it at once. */
  async type(text: string): Promise<void> {
    await this.#tmux.type(Buffer.from(text))
  }

  /** Gives the terminal one size after the other. Resolves when the program has painted a frame of the last one. */
  async resize(...sizes: readonly Size[]): Promise<void> {
    for (const size of sizes) await this.#tmux.resize(size)
    const last = sizes.at(-1)
    if (last === undefined) return
    await this.until((now) => now.hasFrameOf(last))
    this.#isResizing = false
  }

  /** Under a program that paints no frames. */
  async resizeOnly(size: Size): Promise<void> {
    await this.#tmux.resize(size)
  }

  /** Kills the pane as tmux does it: the program gets a hang-up, and its terminal is closed. */
  async killPane(): Promise<void> {
    await this.#tmux.command('kill-pane -t :0.0').catch(() => undefined)
  }

  get size(): Size {
    return { columns: this.#emulator.cols, rows: this.#emulator.rows }
  }

  /** Frames that were painted so far. */
  get frames(): number {
    return this.#frames
  }

  /** How often the whole screen was emptied. */
  get wipes(): number {
    return this.#wipes
  }

  /** Whether a program has the whole screen. */
  get isFullScreen(): boolean {
    return this.#emulator.buffer.active.type === 'alternate'
  }

  /** What a frame must never do to a screen: scroll, or wrap a line. */
  get faults(): readonly string[] {
    return this.#faults
  }

  /** All bytes so far, one character each. */
  get recording(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }

  /** The text of the screen, without padding. Frames appear as a whole. */
  lines(): readonly string[] {
    return this.#before ?? this.#cells()
  }

  #cells(): readonly string[] {
    const { active } = this.#emulator.buffer
    return Array.from({ length: this.#emulator.rows }, (_, y) => {
      return (
        active
          .getLine(active.baseY + y)
          ?.translateToString()
          .trimEnd() ?? ''
      )
    })
  }

  /** All output outside of full screens, as lines without a width. */
  transcript(): readonly string[] {
    const { normal } = this.#emulator.buffer
    const lines: string[] = []
    for (let y = 0; y < normal.length; y++) {
      const line = normal.getLine(y)
      const text = line?.translateToString() ?? ''
      if (line?.isWrapped) lines[lines.length - 1] += text
      else lines.push(text)
    }
    const trimmed = lines.map((text) => text.trimEnd())
    return trimmed.slice(0, trimmed.findLastIndex((text) => text !== '') + 1)
  }

  /** Whether the frame on the screen has this size. */
  hasFrameOf({ columns, rows }: Size): boolean {
    const lines = this.lines()
    if (lines.length !== rows || this.size.columns !== columns) return false
    if (lines[0]?.includes(`too small: ${columns}x${rows}`)) return true
    const isWhole = /\d\d:\d\d:\d\dZ$/.test(lines[0] ?? '') && lines[0]?.length === columns - 1
    return isWhole && lines[rows - 1] !== ''
  }

  /** Resolves as soon as the condition holds; it is evaluated at each output of the program. */
  async until(wanted: Wanted, what: string = String(wanted)): Promise<void> {
    if (wanted(this)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { wanted, resolve }
    this.#waiters.add(waiter)
    const net = setTimeout(() => {
      reject(
        new Error(
          `never so: ${what}, ${this.size.columns}x${this.size.rows}\n${this.lines()
            .map((line) => `|${line}`)
            .join('\n')}`,
        ),
      )
    }, patienceMs)
    try {
      await promise
    } finally {
      clearTimeout(net)
      this.#waiters.delete(waiter)
    }
  }

  async shows(text: string | RegExp): Promise<void> {
    const isThere = (line: string): boolean =>
      typeof text === 'string' ? line.includes(text) : text.test(line)
    await this.until((now) => now.lines().some(isThere), String(text))
  }

  /** PID of the program. */
  async pid(): Promise<number> {
    const shell = await this.#tmux.command("display-message -p -t :0.0 '#{pane_pid}'")
    return childOf(await childOf(Number(shell)))
  }

  /** Waits for the program's end, and returns the state of the terminal. */
  async ended(): Promise<{ readonly code: number; readonly before: string; readonly after: string }> {
    await this.until((now) => !now.isFullScreen && now.transcript().includes('ended'), 'ended')
    return { code: this.exitCode ?? Number.NaN, before: this.#read('before'), after: this.#read('after') }
  }

  /** Undefined until the program has ended. */
  get exitCode(): number | undefined {
    const path = join(this.folder, 'code')
    const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
    return text.endsWith('\n') ? Number(text) : undefined
  }

  close(): void {
    this.#tmux.close()
    this.#emulator.dispose()
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  #read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8')
  }

  #take(bytes: Uint8Array): void {
    this.#chunks.push(Buffer.from(bytes))
    this.#emulator.write(this.#decoder.decode(bytes, { stream: true }), () => this.#look())
  }

  #look(): void {
    for (const waiter of this.#waiters) if (waiter.wanted(this)) waiter.resolve()
  }

  #watchFrames(): void {
    const { parser } = this.#emulator
    parser.registerCsiHandler({ prefix: '?', final: 'l' }, (parameters) => {
      if (parameters.includes(2026)) this.#frameEnded()
      return false
    })
    parser.registerCsiHandler({ final: 'J' }, ([what]) => {
      if (what === 2) this.#wipes++
      return false
    })
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, (parameters) => {
      // The emulator reports a scroll when it changes screens.
      if (parameters.includes(1049)) this.#isChangingScreens = true
      if (parameters.includes(2026)) this.#frameBegan()
      return false
    })
    this.#emulator.onScroll(() => {
      if (!this.isFullScreen || this.#isChangingScreens) return
      this.#fault(`the screen scrolled, of the bytes up to ${JSON.stringify(this.recording.slice(-400))}`)
    })
  }

  #frameBegan(): void {
    this.#isChangingScreens = false
    this.#before = this.#cells()
  }

  #frameEnded(): void {
    this.#before = undefined
    this.#frames++
    const { active } = this.#emulator.buffer
    for (let y = 0; y < this.#emulator.rows; y++) {
      if (active.getLine(active.baseY + y)?.isWrapped) this.#fault(`line ${y} goes on from the one before`)
    }
    this.#look()
  }

  #fault(what: string): void {
    if (!this.#isResizing)
      this.#faults.push(`${what}, frame ${this.#frames} at ${this.size.columns}x${this.size.rows}`)
  }
}

/** As one job of the shell: otherwise the next command would run when the program is stopped. */
function script(program: readonly string[]): string {
  const words = program.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  return `stty -a > before\n${words}\necho $? > code\nstty -a > after\necho ended\n`
}

/** Only this, so that no variable of the tests' own process changes the behavior of the program. */
function environment(folder: string, env: Readonly<Record<string, string>>): readonly string[] {
  const own = { PATH: process.env.PATH ?? '', HOME: folder, LANG: 'C.UTF-8', HISTFILE: '' }
  const all = { TERM: 'tmux-256color', ...own, ...env }
  return ['-i', ...Object.entries(all).map(([name, value]) => `${name}=${value}`)]
}

async function childOf(parent: number): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(parent)])
  return Number(stdout.trim().split('\n')[0])
}
