import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { type StoreOpener, Worker } from '../../runtime/worker/worker.ts'
import { parseWorkerOptions, type WorkerOptions } from '../../runtime/worker/worker-options.ts'
import { connect, type Jobs, type RunHandle, type StoreOptions } from '../../sdk/index.ts'
import { BodyLog } from './body-log.ts'
import { type FaultJobs, faultJobs, Gate, jobList, type MixedInput } from './fault-jobs.ts'
import { findViolations } from './violations.ts'

interface HireOptions extends Partial<Pick<WorkerOptions, 'concurrency' | 'lease' | 'maxBlocked' | 'name'>> {
  readonly store?: Partial<StoreOptions>
  /** In place of a new store. */
  readonly open?: StoreOpener
}

const stopTimeout = '1s'
const shownLines = 40

/** Workers and a client of one namespace, in this process. Ends with its test in any case. */
export class Crew {
  readonly namespace: string
  readonly client: Jobs
  readonly bodyLog = new BodyLog()
  readonly gate = new Gate()
  readonly jobs: FaultJobs
  /** The log of the workers, from `info` up. */
  readonly lines: string[] = []
  readonly #workers: Worker[] = []
  readonly #stores: Store[] = []
  readonly #clients: Jobs[] = []

  private constructor(namespace: string, client: Jobs) {
    this.namespace = namespace
    this.client = client
    this.jobs = faultJobs(this.bodyLog, this.gate)
  }

  /** @param url The server of the client: without faults in between, so that a test can inspect the runs. */
  static async open(url: string, options: Partial<StoreOptions> = {}): Promise<Crew> {
    const namespace = `faults-${randomUUID()}`
    // Some tests read it before anything is written, and reading creates no namespace.
    await (await openStore(parseStoreConfig({ ...options, url, namespace }))).close()
    const crew = new Crew(namespace, await connect({ ...options, url, namespace }))
    onTestFinished(async ({ task }) => {
      if (task.result?.state === 'fail') crew.#explain()
      await crew.#close()
    })
    return crew
  }

  /** A store of the namespace, closed with the test. */
  async store(url: string, options: Partial<StoreOptions> = {}): Promise<Store> {
    const store = await openStore(parseStoreConfig({ ...options, url, namespace: this.namespace }))
    this.#stores.push(store)
    return store
  }

  /** Another client, closed with the test. */
  async connect(url: string, options: Partial<StoreOptions> = {}): Promise<Jobs> {
    const client = await connect({ ...options, url, namespace: this.namespace })
    this.#clients.push(client)
    return client
  }

  /** A worker that has started. */
  async hire(url: string, { store = {}, open, ...options }: HireOptions = {}): Promise<Worker> {
    const config = parseWorkerOptions({
      ...options,
      store: { ...store, url, namespace: this.namespace },
      jobs: jobList(this.jobs),
      handleSignals: false,
      middleware: [
        {
          run: async ({ run }, next) => {
            const settled = await next()
            this.bodyLog.see('settled', run.id, '', settled)
            return settled
          },
        },
      ],
      logger: this.#logger(),
    })
    const worker = new Worker(config, open)
    this.#workers.push(worker)
    await worker.start()
    return worker
  }

  async mixed(count: number, input: MixedInput): Promise<readonly RunHandle<readonly string[]>[]> {
    const answers = await this.client.enqueueMany(
      this.jobs.mixed,
      Array.from({ length: count }, () => input),
    )
    return answers.map((answer) => {
      if (answer.outcome === 'rejected') throw answer.error
      return answer.handle
    })
  }

  violations(ids: readonly string[]): Promise<readonly string[]> {
    return findViolations(this.client.inspector, this.bodyLog, ids)
  }

  /** How often a worker was lost under these runs. */
  async losses(ids: readonly string[]): Promise<number> {
    const runs = await Promise.all(ids.map((id) => this.client.inspector.run(id)))
    return runs.reduce((sum, run) => sum + (run?.losses ?? 0), 0)
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.stop({ timeout: stopTimeout })))
  }

  #logger() {
    const keep =
      (level: string) =>
      (fields: object, message = ''): void => {
        const line = { level, message, ...fields }
        this.lines.push(
          JSON.stringify(line, (_, value) => (value instanceof Error ? errorText(value) : value)),
        )
      }
    return { debug: () => undefined, info: keep('info'), warn: keep('warn'), error: keep('error') }
  }

  #explain(): void {
    const grave = this.lines.filter((line) => !/"level":"info"|as planned/.test(line))
    console.log(grave.slice(-shownLines).join('\n'))
  }

  async #close(): Promise<void> {
    this.gate.open()
    await this.stopWorkers()
    await Promise.all([this.client, ...this.#clients].map((client) => client.close()))
    await Promise.all(this.#stores.map((store) => store.close()))
  }
}

function errorText(error: Error): string {
  return `${error.stack} ${JSON.stringify(error)} ${error.cause instanceof Error ? errorText(error.cause) : String(error.cause)}`
}
