import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

const pollMs = 100
let screens = 0

/** A program in a terminal of its own, in a server of tmux that nothing else uses. */
export class TmuxScreen {
  readonly size: ScreenSize
  readonly #server: string

  constructor(command: readonly string[], size: ScreenSize) {
    this.size = size
    // A server that ends takes its time: each screen has one of its own.
    this.#server = `screens-${process.pid}-${++screens}`
    const { columns, rows } = size
    const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    this.#tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), words)
  }

  /** Types keys by the names that tmux has for them, each as a read of its own. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.#tmux('send-keys', key)
      await sleep(pollMs)
    }
  }

  /** The screen once it shows `text`. @throws Error when it doesn't within `forMs`, with what it shows instead. */
  async shows(text: RegExp, forMs = 20_000): Promise<string> {
    for (let waited = 0; ; waited += pollMs) {
      const plain = this.#tmux('capture-pane', '-p')
      if (text.test(plain)) return this.#tmux('capture-pane', '-e', '-p')
      if (waited > forMs) throw new Error(`the screen doesn't show ${text} after ${forMs} ms, but:\n${plain}`)
      await sleep(pollMs)
    }
  }

  /** Twice is once. */
  close(): void {
    try {
      this.#tmux('kill-server')
    } catch {
      // The program has ended, and its server with it.
    }
  }

  #tmux(...args: readonly string[]): string {
    const own = ['-u', '-f', '/dev/null', '-L', this.#server]
    return execFileSync('tmux', [...own, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
    })
  }
}
