import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import {
  createWorker,
  type Logger,
  type LogLevel,
  type Worker,
  type WorkerOptions,
} from '../../runtime/index.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import {
  type ConnectOptions,
  connect,
  type Job,
  type Jobs,
  RunFailedError,
  type StoreOptions,
} from '../../sdk/index.ts'

interface LogLine {
  readonly level: LogLevel
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** Stopping a worker takes longer than most tests, so the next test does not wait for it. */
const closing: Promise<void>[] = []
afterAll(() => Promise.all(closing))

/** An embedded store in a folder of its own, with all that one test opens on it. Closed when the test ends. */
export interface Fixture {
  readonly store: StoreOptions
  readonly jobs: Jobs
  /** The log of the workers and the runs. */
  readonly lines: readonly LogLine[]
  /** Starts a worker for these jobs. */
  work(jobs: Job | readonly Job[], options?: Partial<WorkerOptions>): Promise<Worker>
  connect(options?: ConnectOptions): Promise<Jobs>
}

export async function openFixture(
  options: Partial<StoreOptions> = {},
  atEnd: (close: () => void) => void = onTestFinished,
): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-unit-'))
  const store = { url: `sqlite:${join(folder, 'jobs.db')}`, ...options }
  // The tests read it, too, and reading creates no store.
  await (await openStore(parseStoreConfig(store))).close()
  const workers: Worker[] = []
  const clients: Jobs[] = []
  const lines: LogLine[] = []
  const write =
    (level: LogLevel) =>
    (fields: object, message = ''): void => {
      lines.push({ level, fields: { ...fields }, message })
    }
  const logger: Logger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
  const close = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.stop({ timeout: 0 })))
    await Promise.all(clients.map((client) => client.close()))
    rmSync(folder, { recursive: true })
  }
  atEnd(() => void closing.push(close()))
  const open = async (connectOptions?: ConnectOptions): Promise<Jobs> => {
    const client = await connect(store, connectOptions)
    clients.push(client)
    return client
  }
  return {
    store,
    lines,
    jobs: await open(),
    connect: open,
    work: async (jobs, workerOptions = {}) => {
      const list = Array.isArray(jobs) ? jobs : [jobs]
      const worker = createWorker({ store, jobs: list, logger, handleSignals: false, ...workerOptions })
      workers.push(worker)
      await worker.start()
      return worker
    },
  }
}

/** A promise that the test settles by itself. */
export interface Gate<T = void> {
  readonly opened: Promise<T>
  open(value: T): void
}

export function gate<T = void>(): Gate<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  return { opened: promise, open: resolve }
}

/** Resolves once `signal` has aborted, with its reason. */
export function abortOf(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    const end = (): void => resolve(signal.reason)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

/** Resolves to the reason of a promise's rejection. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const settled = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in settled && settled.error instanceof Error) return settled.error
  throw new Error(`expected a rejection with an Error, not ${JSON.stringify(settled)}`)
}

/** The error that failed the run, as `handle.result()` throws it. */
export async function failureOf(handle: {
  result(options?: { timeout?: number }): Promise<unknown>
}): Promise<Error> {
  const error = await rejection(handle.result({ timeout: 120_000 }))
  if (error instanceof RunFailedError && error.cause instanceof Error) return error.cause
  throw error
}

/** The journal of a run as `path phase`, in order. */
export async function journalOf(jobs: Jobs, id: string): Promise<readonly string[]> {
  const entries = await jobs.inspector.journal(id, { after: 0, limit: 1_000 })
  return entries.map(({ path, phase }) => `${path} ${phase}`)
}
