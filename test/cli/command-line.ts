import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { CliProcess, type Finished } from '../support/processes/cli-process.ts'

export const jobFile: string = fileURLToPath(new URL('./jobs/imports.ts', import.meta.url))
export const holdFile: string = fileURLToPath(new URL('./jobs/hold.ts', import.meta.url))
export const nightlyFile: string = fileURLToPath(new URL('./nightly-job.ts', import.meta.url))
/** The imports of a job file outside this package. */
export const sdk: string = join(import.meta.dirname, '../../sdk/index.ts')

/** The command line in a folder of its own; its default store is in there. */
export class CommandLine {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'durable-jobs-cli-'))
  readonly #started: CliProcess[] = []

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): CliProcess {
    const started = new CliProcess(args, this.folder, env)
    this.#started.push(started)
    return started
  }

  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished> {
    return this.start(args, env).finished
  }

  /** Stdout of a command that succeeds and prints nothing beside its result. */
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
  async work(...args: readonly string[]): Promise<CliProcess> {
    const worker = this.start(['work', ...args])
    await worker.said('worker started')
    return worker
  }

  /** Writes a file and returns its name in the folder. */
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
