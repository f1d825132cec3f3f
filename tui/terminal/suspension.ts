/** What ink hands the terminal over with; resolves when it has it again. */
type Suspend = (use: () => void | Promise<void>) => Promise<void>

/**
 * Hands the terminal to the shell or to another program, and takes it back: raw mode, alternate screen and a whole new
 * frame. One at a time.
 */
export class Suspension {
  #suspend: Suspend | undefined
  #isUnderWay = false

  /** Ink gives its function to components only. */
  attach(suspend: Suspend): void {
    this.#suspend = suspend
  }

  /** Does nothing while another use is under way, or before the first frame. */
  async lend(use: () => void | Promise<void>): Promise<void> {
    if (this.#isUnderWay || this.#suspend === undefined) return
    this.#isUnderWay = true
    try {
      await this.#suspend(use)
    } finally {
      this.#isUnderWay = false
    }
  }

  /** As ctrl-z does in a program that doesn't read the keys itself: the whole job of the shell stops here. */
  async stop(): Promise<void> {
    await this.lend(() => void process.kill(0, 'SIGSTOP'))
  }

  /** What another program may have done to the terminal while this one stood still is undone. */
  async takeBack(): Promise<void> {
    await this.lend(() => undefined)
  }
}
