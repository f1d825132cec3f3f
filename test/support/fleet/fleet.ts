import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { connect, type Jobs, type RunHandle, type RunState } from '../../../sdk/index.ts'
import { programFile } from '../processes/program-file.ts'
import { BodyLog } from './body-log.ts'
import { crashJobs } from './crash-jobs.ts'
import type { FleetStore } from './fleet-store.ts'
import { Killer } from './kill-point.ts'
import { type FleetStoreKind, newFleetStore } from './store-kinds.ts'
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
  /** How it ended, if it has. */
  readonly exit: Exit | undefined
  /** Whether it has registered and lives. */
  readonly works: boolean
  /** Sends a signal; leaves a line at the bodyLog first. */
  signal(name: NodeJS.Signals): void
}

const shownLines = 60
/** Signals that no test sends: Node itself crashed. */
const fatalSignals: ReadonlySet<NodeJS.Signals | null> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGILL',
  'SIGSEGV',
  'SIGTRAP',
])
/** Node's own default folder: a worker starts in half the time when it finds itself compiled. */
const compileCache = join(tmpdir(), 'node-compile-cache')

/** A store of its own with the worker processes on it. Ends with its test in any case. */
export class Fleet {
  readonly bodyLog: BodyLog
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
    this.bodyLog = new BodyLog(join(folder, 'bodyLog.jsonl'))
    this.jobs = crashJobs(this.bodyLog, new Killer(undefined, this.bodyLog))
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

  /** A file of this fleet, removed with it. */
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

  /** How worker processes ended that no test killed and that did not end well: an uncaught exception, or a fault of Node. */
  get crashes(): readonly string[] {
    return this.#members.flatMap(({ pid, exit }) => {
      if (exit?.code) return [`process ${pid} ended with code ${exit.code}`]
      return fatalSignals.has(exit?.signal ?? null) ? [`process ${pid} ended by ${exit?.signal}`] : []
    })
  }

  get lines(): ReturnType<BodyLog['lines']> {
    return this.bodyLog.lines()
  }

  /** Starts a worker process and waits until it has registered. */
  async start(spec: Omit<WorkerSpec, 'store' | 'bodyLog'> = {}): Promise<Member> {
    const member = this.spawn(spec)
    await member.ready
    return member
  }

  spawn(spec: Omit<WorkerSpec, 'store' | 'bodyLog'> = {}): Member {
    if (this.#closed) throw new Error('the test of this fleet is over')
    const whole: WorkerSpec = { ...spec, store: this.#store.options, bodyLog: this.bodyLog.file }
    const child = fork(programFile('test/support/fleet/worker-process.ts'), [JSON.stringify(whole)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        '--report-on-fatalerror',
        `--report-directory=${this.#folder}`,
      ],
      env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
    })
    child.stderr?.on('data', (text: Buffer) => {
      this.#complaints += text
    })
    const member = memberOf(child, this.bodyLog)
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
    this.bodyLog.close()
    this.#keepReports()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Node's output at a crash outlives the fleet, so that a rare fault shows its cause. */
  #keepReports(): void {
    for (const name of readdirSync(this.#folder)) {
      if (!/^report\..*\.json$/.test(name)) continue
      const kept = join(tmpdir(), `durable-jobs-${name}`)
      renameSync(join(this.#folder, name), kept)
      console.error(`a worker process ended by a fatal error of Node: ${kept}`)
    }
  }

  #explain(): void {
    const lines = this.lines.slice(-shownLines).map((line) => JSON.stringify(line))
    console.error(`the last ${lines.length} lines of the bodyLog:\n${lines.join('\n')}`)
    console.error(`what the workers said:\n${this.#complaints.split('\n').slice(-shownLines).join('\n')}`)
  }
}

function memberOf(child: ChildProcess, bodyLog: BodyLog): Member {
  const pid = child.pid ?? 0
  let alive = true
  let exit: Exit | undefined
  let registered = false
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      alive = false
      exit = { code, signal }
      resolve(exit)
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
  // No caller may be waiting for it.
  ready.catch(() => undefined)
  return {
    pid,
    ready,
    exited,
    get alive() {
      return alive
    },
    get exit() {
      return exit
    },
    get works() {
      return alive && registered
    },
    signal: (name) => {
      if (name === 'SIGKILL') bodyLog.write('killed', { pid })
      else bodyLog.write('signalled', { pid, note: name })
      child.kill(name)
    },
  }
}
