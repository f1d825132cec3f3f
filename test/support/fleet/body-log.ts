import { closeSync, openSync, readFileSync, watch, writeSync } from 'node:fs'

/**
 * - `entered`: a worker has taken the run into a slot
 * - `start`, `end`: a step's body was entered, and has returned or thrown
 * - `asked`: the `onUnknown` of a step was called
 * - `aborted`: the signal of a body has aborted
 * - `released`: the job's function continued after the step
 * - `decided`: a native combinator of the job's function has settled
 * - `returned`: the job's function is about to return
 * - `settled`: the worker got the result of an execution
 * - `leads`, `left`: the function of a leader was called, and is about to return
 * - `refused`: its write by its fence was refused
 * - `renewed`: a renewal of an ended term was requested
 * - `go`: the test lets the run continue
 * - `freeze`: the test orders a leader to stop its own process before its next write
 * - `signalled`: the process gets another signal right after this line
 * - `killed`: the process is killed right after this line
 */
export type Moment =
  | 'entered'
  | 'start'
  | 'end'
  | 'asked'
  | 'aborted'
  | 'released'
  | 'decided'
  | 'returned'
  | 'settled'
  | 'leads'
  | 'left'
  | 'refused'
  | 'wrote'
  | 'renewed'
  | 'go'
  | 'freeze'
  | 'signalled'
  | 'killed'

export interface Line {
  readonly moment: Moment
  /** Empty in a line about a process. */
  readonly run: string
  readonly path: string
  readonly pid: number
  /** Ms since the epoch, by the clock that the embedded store reads too. */
  readonly at: number
  /** Of the step, from 1. */
  readonly attempt?: number
  readonly note?: string
}

const quietMs = 120_000

/** Records the work of every process: an append-only file outside the store, one write per line. */
export class BodyLog {
  readonly file: string
  readonly #descriptor: number

  constructor(file: string) {
    this.file = file
    this.#descriptor = openSync(file, 'a')
  }

  write(moment: Moment, about: Partial<Line> = {}): void {
    const line: Line = { moment, run: '', path: '', pid: process.pid, at: Date.now(), ...about }
    writeSync(this.#descriptor, `${JSON.stringify(line)}\n`)
  }

  /** Every line so far, in the order they were written. */
  lines(): readonly Line[] {
    const texts = readFileSync(this.file, 'utf8').split('\n')
    return texts.filter((text) => text !== '').map((text) => JSON.parse(text) as Line)
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  count(moment: Moment, run: string, path: string): number {
    return this.lines().filter((line) => line.moment === moment && line.run === run && line.path === path)
      .length
  }

  /** The first line, written before or after this call, that `matches`. */
  async until(matches: (line: Line) => boolean): Promise<Line> {
    let wake = (): void => undefined
    const watcher = watch(this.file, () => wake())
    const late = AbortSignal.timeout(quietMs)
    late.addEventListener('abort', () => wake())
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve
        })
        const found = this.lines().find(matches)
        if (found !== undefined) return found
        if (late.aborted) throw new Error(`the bodyLog waited ${quietMs} ms for ${matches.toString()}`)
        await changed
      }
    } finally {
      watcher.close()
    }
  }
}
