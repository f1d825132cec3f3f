import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { WorkerMessage } from './demo-worker.ts'
import type { Effect } from './effects.ts'

/** A worker process of the demo. */
export interface CrewMember {
  readonly name: string
  readonly pid: number
  ready: boolean
  /** What ended the process: a signal's name or an exit code; undefined while it lives. */
  end: string | undefined
}

export interface CrewEvents {
  onReady(member: CrewMember): void
  onEffect(member: CrewMember, effect: Effect): void
}

export interface Crew {
  readonly members: readonly CrewMember[]
  /** The last stderr output of its processes. */
  readonly complaints: string
  kill(member: CrewMember): void
  /** Kills all live processes at once. */
  killAll(): void
  /** Resolves when no process is left. */
  gone(): Promise<void>
}

const maxComplaints = 4_000

/** Starts worker processes on `store` that work on `queue` only. */
export function startCrew(count: number, store: string, queue: string, events: CrewEvents): Crew {
  const children = new Map<CrewMember, ChildProcess>()
  const ends: Promise<void>[] = []
  let complaints = ''
  for (let i = 1; i <= count; i++) {
    const child = forkWorker(store, queue)
    const member: CrewMember = { name: `worker ${i}`, pid: child.pid ?? 0, ready: false, end: undefined }
    children.set(member, child)
    child.stderr?.on('data', (text: Buffer) => {
      complaints = `${complaints}${text}`.slice(-maxComplaints)
    })
    child.on('message', (message) => hear(member, message as WorkerMessage, events))
    ends.push(endOf(child, member))
  }
  return {
    members: [...children.keys()],
    get complaints() {
      return complaints
    },
    kill: (member) => children.get(member)?.kill('SIGKILL'),
    killAll: () => {
      for (const child of children.values()) child.kill('SIGKILL')
    },
    gone: async () => {
      await Promise.all(ends)
    },
  }
}

/** The environment passes the address: all users of the machine can see arguments, and it may contain a password. */
function forkWorker(store: string, queue: string): ChildProcess {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const file = fileURLToPath(new URL(`./demo-worker.${ending}`, import.meta.url))
  const env = { ...process.env, DURABLE_JOBS_STORE: store }
  return fork(file, [queue], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
}

function hear(member: CrewMember, message: WorkerMessage, events: CrewEvents): void {
  if (message.kind === 'ready') {
    member.ready = true
    events.onReady(member)
  } else {
    events.onEffect(member, message)
  }
}

function endOf(child: ChildProcess, member: CrewMember): Promise<void> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      member.end ??= error.message
      resolve()
    })
    child.once('close', (code, signal) => {
      member.end = signal ?? `exit code ${code}`
      resolve()
    })
  })
}
