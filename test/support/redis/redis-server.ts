import { type ChildProcess, spawn } from 'node:child_process'
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { deleteAtExit, deleteNow, hasEnded, killAtExit } from '../processes/orphans.ts'
import { freePort } from './free-port.ts'
import { RespConnection } from './resp-connection.ts'

export interface RedisServerOptions {
  /** Writes an append-only file, synced every second: acknowledged writes survive `kill()`. */
  readonly appendOnly?: boolean
  /** Lines of redis.conf; they win over every default. */
  readonly config?: Readonly<Record<string, string>>
  /** Without it a free one is chosen. */
  readonly port?: number
  /** The port of the server to replicate. */
  readonly replicaOf?: number
  readonly cluster?: boolean
  /** Without it a new one under the temporary folder. `remove()` deletes it either way. */
  readonly folder?: string
}

/** Another process listens on the port. */
class PortTakenError extends Error {
  override readonly name = 'PortTakenError'
}

const pollMs = 5
const patienceMs = 120_000
const triesForPort = 20
const shownLines = 20
/** Of Redis 6.2 and before, which know no such directive. */
let debugCommandRefused = false
let shared: Promise<RedisServer> | undefined

/** A real server process of Redis or Valkey on loopback, with a folder of its own. Dies with this process. */
export class RedisServer {
  readonly port: number
  readonly folder: string
  readonly #binary: string
  readonly #options: RedisServerOptions
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()

  private constructor(binary: string, folder: string, port: number, options: RedisServerOptions) {
    this.#binary = binary
    this.folder = folder
    this.port = port
    this.#options = options
  }

  /** Resolves when it replies to PING; env `REDIS_SERVER` names the binary. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const binary = findBinary()
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'durable-jobs-redis-'))
    mkdirSync(folder, { recursive: true })
    deleteAtExit(folder)
    for (let tries = 1; ; tries++) {
      const port = options.port ?? (await freePort(options.cluster))
      const server = new RedisServer(binary, folder, port, options)
      try {
        await server.#launch()
        return server
      } catch (error) {
        const another = error instanceof PortTakenError && options.port === undefined && tries < triesForPort
        if (another) continue
        await server.remove()
        throw error
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  get alive(): boolean {
    return this.#child !== undefined
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error(`the server on port ${this.port} does not run`)
    return pid
  }

  /** SIGKILL, also while it is paused. Resolves when the process has ended. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL')
    await this.#exited
  }

  /** A graceful shutdown. Resolves when the process has ended. */
  async stop(): Promise<void> {
    this.#signal('SIGTERM')
    this.#signal('SIGCONT')
    await this.#exited
  }

  /** Starts it again on the same port and folder with the same options; stops it before if it still runs. */
  async restart(): Promise<void> {
    await this.stop()
    await this.#launch()
  }

  /** SIGSTOP: connections remain open and are even accepted, but get no reply. */
  pause(): void {
    this.#signal('SIGSTOP')
  }

  resume(): void {
    this.#signal('SIGCONT')
  }

  /** The reply to one command, on a separate connection: neither SELECT nor MULTI affects the next. */
  async command(...args: readonly string[]): Promise<unknown> {
    const connection = await RespConnection.open(this.port)
    try {
      const password = this.#options.config?.requirepass
      if (password !== undefined) await connection.call('AUTH', password)
      return await connection.call(...args)
    } finally {
      connection.close()
    }
  }

  /** Kills the process and deletes the folder. */
  async remove(): Promise<void> {
    await this.kill()
    deleteNow(this.folder)
  }

  get #log(): string {
    return join(this.folder, 'redis.log')
  }

  #signal(name: NodeJS.Signals): void {
    // Waiting for the end of the process must keep this process running.
    this.#child?.ref()
    this.#child?.kill(name)
  }

  async #launch(): Promise<void> {
    const file = join(this.folder, 'redis.conf')
    const asksForDebug = !debugCommandRefused && this.#options.config?.['enable-debug-command'] === undefined
    writeFileSync(file, this.#config())
    const output = openSync(this.#log, 'w')
    const child = spawn(this.#binary, [file], { cwd: this.folder, stdio: ['ignore', output, output] })
    closeSync(output)
    child.unref()
    this.#child = child
    this.#exited = this.#endOf(child)
    const patience = setTimeout(() => this.#signal('SIGKILL'), patienceMs)
    try {
      while (!(await this.#answers())) {
        if (!this.alive) break
        await sleep(pollMs)
      }
    } finally {
      clearTimeout(patience)
    }
    if (this.alive) return
    const log = readFileSync(this.#log, 'utf8')
    if (!asksForDebug || !log.includes('enable-debug-command')) throw this.#failure(log)
    debugCommandRefused = true
    await this.#launch()
  }

  #endOf(child: ChildProcess): Promise<void> {
    const { pid } = child
    if (pid !== undefined) killAtExit(pid)
    return new Promise((resolve) => {
      const ended = (): void => {
        if (pid !== undefined) hasEnded(pid)
        this.#child = undefined
        resolve()
      }
      child.once('exit', ended)
      child.once('error', () => {
        if (pid === undefined) ended()
      })
    })
  }

  /** Whether it is this server that replies, and no other one that took the port. */
  async #answers(): Promise<boolean> {
    const answer = this.command('INFO', 'server').then(async (info) => {
      const isThis = String(info).includes(`process_id:${this.#child?.pid}\r\n`)
      return isThis && (await this.command('PING')) === 'PONG'
    })
    return await Promise.race([answer.catch(() => false), this.#exited.then(() => false)])
  }

  /** Why the process has ended before it replied. */
  #failure(log: string): Error {
    const lines = log.trimEnd().split('\n').slice(-shownLines).join('\n')
    const message = `${this.#binary} on port ${this.port} ended, or gave no answer in ${patienceMs} ms:\n${lines}`
    return /in use|failed listening/i.test(log) ? new PortTakenError(message) : new Error(message)
  }

  #config(): string {
    const { appendOnly = false, cluster = false, replicaOf, config = {} } = this.#options
    const lines: Record<string, string> = {
      bind: '127.0.0.1',
      port: String(this.port),
      dir: JSON.stringify(this.folder),
      daemonize: 'no',
      logfile: JSON.stringify(this.#log),
      save: '""',
      appendonly: appendOnly ? 'yes' : 'no',
      appendfsync: 'everysec',
      'repl-diskless-sync-delay': '0',
      ...(debugCommandRefused ? {} : { 'enable-debug-command': 'local' }),
      ...(replicaOf === undefined ? {} : { replicaof: `127.0.0.1 ${replicaOf}` }),
      ...(cluster && { 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000' }),
      ...(cluster && { 'cluster-announce-ip': '127.0.0.1', 'cluster-config-file': 'nodes.conf' }),
      ...config,
    }
    return Object.entries(lines)
      .map(([name, value]) => `${name} ${value}\n`)
      .join('')
  }
}

/** One server for all tests of this process, started on first use: each test has its own namespace. */
export function sharedRedisServer(): Promise<RedisServer> {
  shared ??= RedisServer.start()
  return shared
}

function findBinary(): string {
  const named = process.env.REDIS_SERVER
  const names = named === undefined || named === '' ? ['redis-server', 'valkey-server'] : [named]
  const folders = process.env.PATH?.split(delimiter) ?? []
  for (const name of names) {
    const files = name.includes('/') ? [name] : folders.map((folder) => join(folder, name))
    const found = files.find(isExecutable)
    if (found !== undefined) return found
  }
  throw new Error(
    `${names.join(' or ')} was not found: install it (Debian: apt-get install redis-server), ` +
      'or name a binary of Redis or Valkey in the environment variable REDIS_SERVER',
  )
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
