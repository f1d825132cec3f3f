import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'

const main = join(import.meta.dirname, '../../runtime/cli/main.ts')
/** Where Node keeps it by default; more than half the time of a short command is compiling. */
const compileCache = join(tmpdir(), 'node-compile-cache')
export const jobFile: string = fileURLToPath(new URL('./jobs/imports.ts', import.meta.url))
export const holdFile: string = fileURLToPath(new URL('./jobs/hold.ts', import.meta.url))
export const nightlyFile: string = fileURLToPath(new URL('./nightly-job.ts', import.meta.url))
/** What a job file outside of this package imports. */
export const sdk: string = join(import.meta.dirname, '../../sdk/index.ts')

export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A `durable-jobs` process that was not waited for. */
export class Started {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  readonly finished: Promise<Finished>
  #stdout = ''
  #stderr = ''

  constructor(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
    this.process = spawn(process.execPath, [main, ...args], {
      cwd,
      // Only this, so that no variable of the tests' own process changes what a command does.
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
  async said(text: string): Promise<void> {
    while (!this.#stdout.includes(text)) {
      const ended = await Promise.race([
        this.finished,
        once(this.process.stdout, 'data').then(() => undefined),
      ])
      if (ended !== undefined && !this.#stdout.includes(text)) {
        throw new Error(`ended (${ended.code}) before it said '${text}': ${ended.stdout}${ended.stderr}`)
      }
    }
  }

  async kill(signal: NodeJS.Signals): Promise<Finished> {
    this.process.kill(signal)
    return this.finished
  }
}

/** The command line in a folder of its own; its default store is in there. */
export class CommandLine {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'durable-jobs-cli-'))
  readonly #started: Started[] = []

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const started = new Started(args, this.folder, env)
    this.#started.push(started)
    return started
  }

  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished> {
    return this.start(args, env).finished
  }

  /** Stdout of a command that succeeds and says nothing beside its answer. */
  async ok(...args: readonly string[]): Promise<string> {
    const finished = await this.run(args)
    expect(finished, args.join(' ')).toMatchObject({ code: 0, stderr: '' })
    return finished.stdout
  }

  /** The same as JSON. */
  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.ok(...args, '--json')) as T
  }

  /** The one line on stderr of a command that ends with `code` and prints nothing else. */
  async refused(
    code: 1 | 2,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<string> {
    const finished = await this.run(args, env)
    expect(finished, `${args.join(' ')}: ${finished.stderr}`).toMatchObject({ code, stdout: '' })
    expect(finished.stderr).toMatch(/^durable-jobs: .+\n$/)
    return finished.stderr.slice('durable-jobs: '.length).trimEnd()
  }

  /** Starts a worker and waits until it works. */
  async work(...args: readonly string[]): Promise<Started> {
    const worker = this.start(['work', ...args])
    await worker.said('worker started')
    return worker
  }

  /** Writes a file and answers its name in the folder. */
  write(name: string, text: string): string {
    const path = join(this.folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return name
  }

  async dispose(): Promise<void> {
    for (const { process } of this.#started) process.kill('SIGKILL')
    await Promise.all(this.#started.map(({ finished }) => finished))
    rmSync(this.folder, { recursive: true })
  }
}

/** One for the running test alone. */
export function ownCommandLine(): CommandLine {
  const cli = new CommandLine()
  onTestFinished(() => cli.dispose())
  return cli
}

/** As `ownCommandLine`, with an empty store in its default place. */
export async function commandLineWithStore(): Promise<CommandLine> {
  const cli = ownCommandLine()
  const store = await openStore(parseStoreConfig(`sqlite:${join(cli.folder, '.durable-jobs/jobs.db')}`))
  await store.close()
  return cli
}

/** The fields of the error that a command with --json prints. */
export async function jsonError(
  cli: CommandLine,
  args: readonly string[],
): Promise<{ code: string; name: string; message: string }> {
  const { stderr } = await cli.run([...args, '--json'])
  return (JSON.parse(stderr) as { error: { code: string; name: string; message: string } }).error
}
