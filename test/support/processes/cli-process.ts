import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { cliFile } from './program-file.ts'

/** Where Node keeps it by default; more than half the time of a short command is compiling. */
const compileCache = join(tmpdir(), 'node-compile-cache')

export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A `durable-jobs` process that was not waited for. */
export class CliProcess {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  readonly finished: Promise<Finished>
  #stdout = ''
  #stderr = ''

  constructor(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
    this.process = spawn(process.execPath, [cliFile(), ...args], {
      cwd,
      // Only this, so that no variable of the tests' own process changes the behavior of a command.
      env: { PATH: process.env.PATH ?? '', HOME: cwd, TMPDIR: cwd, NODE_COMPILE_CACHE: compileCache, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
    })
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.finished = once(this.process, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  get stdout(): string {
    return this.#stdout
  }

  /** Resolves once stdout holds `text`. */
  said(text: string): Promise<void> {
    return this.#held(text, this.process.stdout, () => this.#stdout)
  }

  /** Resolves once stderr holds `text`. */
  warned(text: string): Promise<void> {
    return this.#held(text, this.process.stderr, () => this.#stderr)
  }

  async #held(text: string, stream: Readable, read: () => string): Promise<void> {
    while (!read().includes(text)) {
      const ended = await Promise.race([this.finished, once(stream, 'data').then(() => undefined)])
      if (ended !== undefined && !read().includes(text)) {
        throw new Error(`ended (${ended.code}) before it said '${text}': ${ended.stdout}${ended.stderr}`)
      }
    }
  }

  async kill(signal: NodeJS.Signals): Promise<Finished> {
    this.process.kill(signal)
    return this.finished
  }
}
