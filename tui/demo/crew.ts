import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FromWorker, Part } from './crew-messages.ts'

/** A worker process of the demo that works. */
export interface Member {
  readonly name: string
  readonly release: number
  readonly pid: number
  /** Resolves when its process is gone, whatever ended it. */
  readonly ended: Promise<void>
}

interface Started {
  readonly process: ChildProcess
  readonly ended: Promise<void>
  /** The last part of its stderr. */
  complaints: string
}

const maxComplaints = 2_000

/**
 * The worker processes of a demo.
 * CR1 None outlives this process: its end closes their channel, and they exit (demo-worker.ts).
 * CR2 They are in separate sessions, so that a signal of the terminal reaches only this process.
 */
export class Crew {
  readonly #folder: string
  readonly #started = new Set<Started>()
  /** Started, and without a role yet. */
  readonly #spare: Started[] = []
  #closed = false

  /** @param folder Of the demo: its workers remove it when this process has died. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Starts processes that will have a part soon, so that they lose no time then. */
  prepare(count: number): void {
    for (let i = 0; i < count; i++) this.#spare.push(this.#start())
  }

  /** Resolves when the worker has registered. @throws Error when it could not, or the crew was closed. */
  async begin(part: Part): Promise<Member> {
    if (this.#closed) throw new Error(`the demo is closed; worker '${part.name}' is not started`)
    const started = this.#spare.shift() ?? this.#start()
    const { process: child, ended } = started
    const working = new Promise<void>((resolve, reject) => {
      child.on('message', (message: FromWorker) => {
        if (message.kind === 'working') resolve()
        else reject(new Error(`worker '${part.name}' of the demo could not start: ${message.reason}`))
      })
      void ended.then(() =>
        reject(
          new Error(`worker '${part.name}' of the demo ended before it worked ${started.complaints}`.trim()),
        ),
      )
    })
    child.send(part)
    await working
    return { name: part.name, release: part.release, pid: child.pid ?? 0, ended }
  }

  kill({ pid }: Member): void {
    for (const { process: child } of this.#started) if (child.pid === pid) child.kill('SIGKILL')
  }

  /** At once, as in an exit of this process. */
  killAll(): void {
    this.#closed = true
    for (const { process: child } of this.#started) child.kill('SIGKILL')
  }

  /** Resolves when no process is left. */
  async close(): Promise<void> {
    this.killAll()
    await Promise.all([...this.#started].map(({ ended }) => ended))
  }

  #start(): Started {
    const child = forkWorker(this.#folder)
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve())
      child.once('close', () => resolve())
    })
    const started: Started = { process: child, ended, complaints: '' }
    child.stderr?.on('data', (text: Buffer) => {
      started.complaints = `${started.complaints}${text}`.slice(-maxComplaints)
    })
    this.#started.add(started)
    void ended.then(() => this.#started.delete(started))
    return started
  }
}

/** In a bundle the worker's file lies beside the one that holds this code, under the same name. */
function forkWorker(folder: string): ChildProcess {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const file = fileURLToPath(new URL(`./demo-worker.${ending}`, import.meta.url))
  return fork(file, [folder], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], detached: true })
}
