import { type ChildProcessByStdio, execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { connect, type Jobs } from '../../sdk/index.ts'
import { freePort } from '../support/redis/free-port.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { buildImage, type Image, parseDockerfile } from './dockerfile.ts'
import { kit, kitFile, type TaskDefinition, taskDefinition } from './fargate-kit.ts'
import { HeldServer } from './held-server.ts'
import { NpmRegistry } from './npm-registry.ts'

const run = promisify(execFile)
/** The user `node` of the base image. */
const userOfImage = '1000'
const hostEnv = { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }

const asProcess1 = [
  'unshare',
  ...['--pid', '--fork', '--mount-proc'],
  ...['--setuid', userOfImage, '--setgid', userOfImage],
] as const

function canBeProcess1(): boolean {
  try {
    const [command, ...args] = asProcess1
    execFileSync(command, [...args, process.execPath, '--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const isProcess1 = canBeProcess1()
if (!isProcess1)
  console.log('this host lets nobody make PID namespaces: the worker runs as an ordinary process')

let scratch = ''
let image: Image
let definition: TaskDefinition
let redis: RedisServer

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'durable-jobs-image-'))
  // Read by the image's user.
  chmodSync(scratch, 0o755)
  await using registry = await NpmRegistry.start()
  const npmEnv = {
    ...hostEnv,
    HOME: scratch,
    npm_config_registry: registry.url,
    npm_config_cache: join(scratch, 'cache'),
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
  }
  const context = join(scratch, 'context')
  cpSync(kit, context, { recursive: true })
  await run('npm', ['install', '--package-lock-only'], { cwd: context, env: npmEnv })
  const steps = parseDockerfile(kitFile('Dockerfile'))
  image = await buildImage(steps, { context, into: join(scratch, 'stages'), hostEnv: npmEnv })
  definition = await taskDefinition()
  redis = await RedisServer.start()
})

afterAll(async () => {
  await redis?.remove()
  rmSync(scratch, { recursive: true })
})

/** A container of the image, with the environment of the task definition. */
class Task {
  readonly port: number
  readonly #env: Readonly<Record<string, string>>
  readonly #process: ChildProcessByStdio<null, Readable, Readable>
  readonly exited: Promise<number | null>
  output = ''

  private constructor(port: number, env: Readonly<Record<string, string>>) {
    this.port = port
    this.#env = env
    const [command = '', ...args] = isProcess1 ? [...asProcess1, ...image.command] : image.command
    this.#process = spawn(command, args, { cwd: image.folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.exited = once(this.#process, 'close').then(([code]) => code as number | null)
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    }
    onTestFinished(() => this.end())
  }

  static async start(store: string): Promise<Task> {
    const port = await freePort()
    const [{ environment }] = definition.containerDefinitions
    const env = {
      ...hostEnv,
      ...image.env,
      ...Object.fromEntries(environment.map(({ name, value }) => [name, value])),
      DURABLE_JOBS_HEALTH_PORT: `${port}`,
      DURABLE_JOBS_STORE: store,
    }
    const task = new Task(port, env)
    await task.said('"worker started"')
    return task
  }

  async said(text: string): Promise<void> {
    await expect.poll(() => this.output).toContain(text)
  }

  /** Runs the health check of the task definition as ECS does; resolves to its exit code. */
  async health(): Promise<number> {
    const [kind, command = '', ...args] = definition.containerDefinitions[0].healthCheck.command
    expect(kind).toBe('CMD')
    const check = spawn(command, args, { cwd: image.folder, env: this.#env, stdio: 'ignore' })
    const [code] = await once(check, 'close')
    return code as number
  }

  /** Runs one of the package's two commands in the container, as ECS Exec does. */
  async exec(bin: 'durable-jobs' | 'jobs-tui', ...args: readonly string[]): Promise<string> {
    const file = join(image.folder, 'node_modules/.bin', bin)
    const { stdout } = await run(process.execPath, [file, ...args], { cwd: image.folder, env: this.#env })
    return stdout
  }

  /** To the process itself, as a container engine does, not to the program that created its namespace. */
  signal(signal: NodeJS.Signals): void {
    const pid = this.#worker()
    if (pid !== undefined) process.kill(pid, signal)
  }

  async end(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
  }

  /** The worker's process on this host; undefined once it has ended. */
  #worker(): number | undefined {
    const { pid, exitCode, signalCode } = this.#process
    if (exitCode !== null || signalCode !== null) return undefined
    if (!isProcess1) return pid
    const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', `${pid}`], { encoding: 'utf8' })
    return stdout.trim() === '' ? undefined : Number(stdout)
  }
}

async function ownStore(): Promise<{ readonly store: string; readonly jobs: Jobs }> {
  const store = `redis://127.0.0.1:${redis.port}?namespace=${crypto.randomUUID()}`
  const jobs = await connect(store)
  onTestFinished(() => jobs.close())
  return { store, jobs }
}

describe('the image', () => {
  test('holds the app and its runtime dependencies', () => {
    expect(readdirSync(image.folder).toSorted()).toEqual(['jobs.ts', 'node_modules', 'package.json'])
    const packages = readdirSync(join(image.folder, 'node_modules'))
    expect(packages).toEqual(expect.arrayContaining(['durable-jobs', 'ioredis', 'zod']))
    expect(packages.filter((name) => ['typescript', '@types', 'vitest', '@aws-sdk'].includes(name))).toEqual(
      [],
    )
  })

  test('starts node directly, not as root, and is stopped by SIGTERM', () => {
    expect(image.command[0]).toBe('node')
    expect(image.user).toBe('node')
    expect(image.stopSignal).toBe('SIGTERM')
    expect(image.env).toMatchObject({ NODE_ENV: 'production' })
    for (const file of image.command.slice(1).filter((word) => word.includes('.'))) {
      expect(existsSync(join(image.folder, file)), file).toBe(true)
    }
  })
})

describe('a task', () => {
  test('runs jobs-tui and the commands in its container', async () => {
    const { store } = await ownStore()
    const task = await Task.start(store)

    expect(await task.exec('durable-jobs', 'workers')).toContain('import-customers')
    expect(await task.exec('jobs-tui', '--once')).toContain('1 working')
  })

  test('that is stopped abandons its page, exits with 0, and another one continues at that page', async () => {
    const { store, jobs } = await ownStore()
    await using server = await HeldServer.start(['[1, 2]', 'hold', '[3]', '[]'])
    const first = await Task.start(store)
    if (isProcess1) expect(first.output).toMatch(/"pid":1\b/)
    expect(await first.health()).toBe(0)
    const input = JSON.stringify({ url: server.url })
    await first.exec('durable-jobs', 'enqueue', 'jobs.ts', 'import-customers', input, '--id', 'one')
    await server.asked(2)
    first.signal('SIGTERM')

    expect(await first.exited).toBe(0)
    await Task.start(store)
    expect(await jobs.run('one').result({ timeout: '2m' })).toEqual({ imported: 3 })
    expect(await jobs.run('one').status()).toMatchObject({ attempt: 1, losses: 0 })
    expect(server.requests).toEqual(['GET /?page=1', 'GET /?page=2', 'GET /?page=2', 'GET /?page=3'])
  })

  test('that is stopped waits for a charge, and is healthy meanwhile', async () => {
    const { store, jobs } = await ownStore()
    await using server = await HeldServer.start(['hold'])
    const task = await Task.start(store)
    const input = JSON.stringify({ url: server.url, cents: 4200 })
    await task.exec('durable-jobs', 'enqueue', 'jobs.ts', 'charge-order', input, '--id', 'one')
    await server.asked(1)
    task.signal('SIGTERM')
    await task.said('"draining"')
    expect(await task.health()).toBe(0)
    server.release('charged')

    expect(await task.exited).toBe(0)
    expect(await task.health()).toBe(1)
    await Task.start(store)
    expect(await jobs.run('one').result({ timeout: '2m' })).toBe('charged')
    expect(server.requests).toHaveLength(1)
  })
})
