import { takeFullScreen } from './full-screen.ts'

/** Ink's hand-over of the terminal; resolves when ink has it again. */
type Suspend = (use: () => Promise<void>) => Promise<void>

/** Uses the terminal. `ended` aborts when this program ends meanwhile. */
type Use = (ended: AbortSignal) => void | Promise<void>

export interface SuspensionDeps {
  readonly stdin: Pick<NodeJS.ReadStream, 'setRawMode'>
  readonly stdout: Pick<NodeJS.WriteStream, 'write'>
  /** Calls back when the event loop has handled what came in before, signals above all. */
  readonly soon: (run: () => void) => void
}

/**
 * Hands the terminal to the shell or to another program, and takes it back: raw mode, alternate screen and a whole new
 * frame. One at a time.
 */
export class Suspension {
  readonly #deps: SuspensionDeps
  readonly #ended = new AbortController()
  #suspend: Suspend | undefined
  /** From the hand-over until the frame is there again. */
  #isUnderWay = false
  #user: 'nobody' | 'shell' | 'program' = 'nobody'
  #use: Promise<void> = Promise.resolve()

  constructor(deps: SuspensionDeps) {
    this.#deps = deps
  }

  /** Meanwhile nothing may be written to the terminal. */
  get isLent(): boolean {
    return this.#user !== 'nobody'
  }

  /** Meanwhile signals from the terminal's keys are meant for that program. */
  get isLentToProgram(): boolean {
    return this.#user === 'program'
  }

  /** Resolves when the program that the terminal was lent to has ended. */
  get over(): Promise<void> {
    return this.#use.catch(() => undefined)
  }

  /** Ink gives its function to components only. */
  attach(suspend: Suspend): void {
    this.#suspend = suspend
  }

  /** Hands the terminal to another program. Does nothing while it is lent already. */
  async lend(use: Use): Promise<void> {
    await this.#hand('program', use)
  }

  /** Does what ctrl-z does in a program that doesn't read the keys itself: the whole job of the shell stops here. */
  async stop(): Promise<void> {
    if (this.isLentToProgram) {
      // The program that has the terminal got the signal too, and stops when it has put its own modes away.
      process.kill(process.pid, 'SIGSTOP')
      return
    }
    await this.#hand('shell', async () => {
      process.kill(0, 'SIGSTOP')
      // A signal that was sent meanwhile may end this program: it must not take the terminal from the shell before.
      await new Promise<void>((resolve) => this.#deps.soon(() => this.#deps.soon(resolve)))
    })
  }

  /** Undoes what another program may have done to the terminal while this one was stopped. */
  async takeBack(): Promise<void> {
    await this.#hand('shell', () => undefined)
  }

  /** To be called before the screen is unmounted. Twice is once. */
  end(): void {
    if (this.#ended.signal.aborted) return
    // Unmounting leaves the full screen: where that was left already, the cursor would jump to where it was then.
    if (this.isLent) takeFullScreen(this.#deps.stdout)
    this.#ended.abort()
  }

  async #hand(user: 'shell' | 'program', use: Use): Promise<void> {
    if (this.#isUnderWay || this.#suspend === undefined || this.#ended.signal.aborted) return
    this.#isUnderWay = true
    try {
      await this.#suspend(() => {
        this.#use = this.#lent(user, use)
        return this.#use
      })
    } finally {
      this.#isUnderWay = false
    }
  }

  async #lent(user: 'shell' | 'program', use: Use): Promise<void> {
    this.#user = user
    try {
      await use(this.#ended.signal)
    } finally {
      this.#user = 'nobody'
      if (!this.#ended.signal.aborted) {
        // Before ink does it: a key that is typed just now is not echoed to where the frame begins.
        this.#deps.stdin.setRawMode(true)
        takeFullScreen(this.#deps.stdout)
      }
    }
  }
}
