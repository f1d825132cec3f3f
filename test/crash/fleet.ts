import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { connect, type Jobs, type RunHandle, type RunState } from '../../sdk/index.ts'
import { crashJobs } from './crash-jobs.ts'
import type { FleetStore } from './fleet-store.ts'
import { Killer } from './kill-point.ts'
import { type FleetStoreKind, newFleetStore } from './store-kinds.ts'
import { Witness } from './witness.ts'
import type { WorkerSpec } from './worker-process.ts'

/** How a worker process ended. */
interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A worker process as the test sees it. */
export interface Member {
  readonly pid: number
  /** Resolves when it has registered; rejects when it ends before. */
  readonly ready: Promise<void>
  readonly exited: Promise<Exit>
  readonly alive: boolean
  /** What it exited with, if it has. */
  readonly code: number | null
  /** Whether it has registered and lives. */
  readonly works: boolean
  /** Sends a signal; leaves a line at the witness first. */
  signal(name: NodeJS.Signals): void
}

const file = fileURLToPath(new URL('./worker-process.ts', import.meta.url))
const shownLines = 60
/** Node's own default folder: a worker starts in half the time when it finds itself compiled. */
const compileCache = join(tmpdir(), 'node-compile-cache')

/** A store of its own with the worker processes on it. Ends with its test, whatever becomes of it. */
export class Fleet {
  readonly witness: Witness
  readonly jobs: ReturnType<typeof crashJobs>
  readonly client: Jobs
  readonly #store: FleetStore
  readonly #folder: string
  readonly #members: Member[] = []
  #complaints = ''
  #closed = false

  private constructor(folder: string, store: FleetStore, client: Jobs) {
    this.#folder = folder
    this.#store = store
    this.client = client
    this.witness = new Witness(join(folder, 'witness.jsonl'))
    this.jobs = crashJobs(this.witness, new Killer(undefined, this.witness))
  }

  static async open(kind: FleetStoreKind): Promise<Fleet> {
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-crash-'))
    const store = await newFleetStore(kind, folder)
    const fleet = new Fleet(folder, store, await connect(store.options))
    onTestFinished(async ({ task }) => {
      if (task.result?.state === 'fail') fleet.#explain()
      await fleet.#close()
    })
    return fleet
  }

  /** A file of this fleet, gone with it. */
  file(name: string): string {
    return join(this.#folder, name)
  }

  /** For other processes that connect to it. */
  get store(): FleetStore['options'] {
    return this.#store.options
  }

  /** Worker processes that have not ended. */
  get alive(): readonly Member[] {
    return this.#members.filter((member) => member.alive)
  }

  /** How worker processes ended that nobody killed and that did not end well: an exception that nobody caught. */
  get crashes(): readonly string[] {
    return this.#members.flatMap(({ pid, code }) => (code ? [`process ${pid} ended with code ${code}`] : []))
  }

  get lines(): ReturnType<Witness['lines']> {
    return this.witness.lines()
  }

  /** Starts a worker process and waits until it has registered. */
  async start(spec: Omit<WorkerSpec, 'store' | 'witness'> = {}): Promise<Member> {
    const member = this.spawn(spec)
    await member.ready
    return member
  }

  spawn(spec: Omit<WorkerSpec, 'store' | 'witness'> = {}): Member {
    if (this.#closed) throw new Error('the test of this fleet is over')
    const whole: WorkerSpec = { ...spec, store: this.#store.options, witness: this.witness.file }
    const child = fork(file, [JSON.stringify(whole)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
    })
    child.stderr?.on('data', (text: Buffer) => {
      this.#complaints += text
    })
    const member = memberOf(child, this.witness)
    this.#members.push(member)
    return member
  }

  /** Resolves when the run has come into `state`. */
  async reaches(handle: RunHandle<unknown>, state: RunState): Promise<void> {
    let wake = (): void => undefined
    const unsubscribe = this.client.inspector.onChange(() => wake())
    try {
      while ((await handle.status()).state !== state) {
        await new Promise<void>((resolve) => {
          wake = resolve
          // The hint may be missed; the state is the truth.
          setTimeout(resolve, 50)
        })
      }
    } finally {
      unsubscribe()
    }
  }

  /** Makes the run, which waits or is about to, due now. */
  async endPause(handle: RunHandle<unknown>): Promise<void> {
    await this.reaches(handle, 'waiting')
    await this.#store.endPause(handle.id)
  }

  async #close(): Promise<void> {
    this.#closed = true
    for (const member of this.alive) member.signal('SIGKILL')
    await Promise.all(this.#members.map(({ exited }) => exited))
    await this.client.close()
    this.witness.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #explain(): void {
    const lines = this.lines.slice(-shownLines).map((line) => JSON.stringify(line))
    console.error(`the last ${lines.length} lines of the witness:\n${lines.join('\n')}`)
    console.error(`what the workers said:\n${this.#complaints.split('\n').slice(-shownLines).join('\n')}`)
  }
}

function memberOf(child: ChildProcess, witness: Witness): Member {
  const pid = child.pid ?? 0
  let alive = true
  let exitCode: number | null = null
  let registered = false
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      alive = false
      exitCode = code
      resolve({ code, signal })
    })
  })
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', () => {
      registered = true
      resolve()
    })
    child.once('error', reject)
    void exited.then(({ code, signal }) => reject(new Error(`worker ${pid} ended: ${signal ?? code}`)))
  })
  // Nobody may be waiting for it.
  ready.catch(() => undefined)
  return {
    pid,
    ready,
    exited,
    get alive() {
      return alive
    },
    get code() {
      return exitCode
    },
    get works() {
      return alive && registered
    },
    signal: (name) => {
      if (name === 'SIGKILL') witness.write('killed', { pid })
      else witness.write('signalled', { pid, note: name })
      child.kill(name)
    },
  }
}
