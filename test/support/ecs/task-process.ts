import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { hasEnded, killAtExit } from '../processes/orphans.ts'

export interface TaskProcessSpec {
  /** The program and its arguments, as the exec form of an image's entry point: no shell between. */
  readonly command: readonly [string, ...string[]]
  readonly cwd: string
  /** The whole environment: nothing of this process's own gets in. */
  readonly env: Readonly<Record<string, string>>
}

export type ProcessEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'failed-to-start'; readonly message: string }

/** Enough for a test or a person to inspect. */
const retainedOutput = 1_000_000

/**
 * The entry process of a container, as a real process. It leads a process group of its own: like the namespace of a
 * container, the group ends with it, and Ctrl-C at a terminal doesn't reach it.
 */
export class TaskProcess {
  readonly ended: Promise<ProcessEnd>
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #waiting = new Set<() => void>()
  #output = ''
  #end: ProcessEnd | undefined
  /** Its last output may arrive after its end. */
  #outputClosed = false

  constructor({ command: [program, ...args], cwd, env }: TaskProcessSpec) {
    this.#child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    if (this.#child.pid !== undefined) killAtExit(-this.#child.pid)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
    }
    this.#child.once('close', () => {
      this.#outputClosed = true
      this.#wake()
    })
    this.ended = new Promise((resolve) => {
      this.#child.once('error', ({ message }) => resolve(this.#finish({ kind: 'failed-to-start', message })))
      this.#child.once('exit', (code, signal) => {
        resolve(
          this.#finish(signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signaled', signal }),
        )
      })
    })
  }

  /** Undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  get alive(): boolean {
    return this.#end === undefined
  }

  /** Its stdout and stderr, with the oldest part cut off. */
  get output(): string {
    return this.#output
  }

  /** Sends SIGTERM to the entry process alone, as ECS does. */
  terminate(): void {
    if (this.alive) this.#child.kill('SIGTERM')
  }

  /** Ends the whole group at once. */
  kill(): void {
    if (this.alive) this.#killGroup()
  }

  /** Resolves once it has written `text`; rejects if it ends without. */
  async said(text: string): Promise<void> {
    while (!this.#output.includes(text)) {
      if (this.#outputClosed) {
        throw new Error(`ended (${JSON.stringify(this.#end)}) before it said '${text}': ${this.#output}`)
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-retainedOutput)
    this.#wake()
  }

  #finish(end: ProcessEnd): ProcessEnd {
    this.#end = end
    if (this.#child.pid !== undefined) {
      // Its child processes end with it, as with the first process of a namespace.
      this.#killGroup()
      hasEnded(-this.#child.pid)
    }
    return end
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  #killGroup(): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, 'SIGKILL')
    } catch {
      // The group has ended already.
    }
  }
}

/** Returns the exit code that a container runtime reports: 128 and the number of the signal if one ended it. */
export function exitCodeOf(end: ProcessEnd): number | undefined {
  switch (end.kind) {
    case 'exited':
      return end.code
    case 'signaled':
      return 128 + constants.signals[end.signal]
    case 'failed-to-start':
      return undefined
  }
}
