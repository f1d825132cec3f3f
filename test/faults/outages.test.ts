import { fork } from 'node:child_process'
import { createServer, type Socket } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect, defineJob } from '../../sdk/index.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { openFixture } from '../support/fixture.ts'
import { programFile } from '../support/processes/program-file.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { FrameReader } from '../support/redis/resp.ts'
import { Crew } from './crew.ts'
import type { StoppingSpec } from './stopping-process.ts'

const seconds = provingNumber('DURABLE_JOBS_PROVE_OUTAGE_SECONDS', 3)
const inFull = seconds > 3
const patienceMs = 120_000 + 4_000 * seconds
const patience = { timeout: 60_000, interval: 20 }

async function started(config: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const server = await RedisServer.start({ config })
  onTestFinished(() => server.remove())
  return server
}

async function connectionsMade(server: RedisServer): Promise<number> {
  const info = String(await server.command('INFO', 'stats'))
  return Number(/total_connections_received:(\d+)/.exec(info)?.[1])
}

/** The begin and the end of outages, as the workers logged them. */
function outagesOf(crew: Crew): { readonly began: readonly string[]; readonly ended: readonly string[] } {
  const lines = crew.lines.filter((line) => line.includes('store outage'))
  return {
    began: lines.filter((line) => line.includes('store outage began')),
    ended: lines.filter((line) => line.includes('store outage ended')),
  }
}

/** Node's warnings while a test runs: a listener too many is one. */
function warnings(): string[] {
  const seen: string[] = []
  const see = (warning: Error): void => void seen.push(`${warning.name}: ${warning.message}`)
  process.on('warning', see)
  onTestFinished(() => void process.off('warning', see))
  return seen
}

/** Each begins on a server that works, and ends again; the worker and its leadership keep on asking meanwhile. */
const conditions = [
  ['read-only', [['REPLICAOF', '127.0.0.1', '1']], [['REPLICAOF', 'NO', 'ONE']]],
  [
    'too few replicas',
    [['CONFIG', 'SET', 'min-replicas-to-write', '1']],
    [['CONFIG', 'SET', 'min-replicas-to-write', '0']],
  ],
  [
    'forbidden',
    [['ACL', 'SETUSER', 'default', '-evalsha', '-eval']],
    [['ACL', 'SETUSER', 'default', '+@all']],
  ],
] as const

describe('an outage of a server that still accepts connections', () => {
  test.each(conditions.slice(0, inFull ? undefined : 2))(
    '%s: two log lines, and a bounded number of connections',
    async (kind, begin, end) => {
      const server = await started()
      const crew = await Crew.open(server.url)
      // A lease that outlasts an outage: the test counts reconnects, not new leases.
      await crew.hire(server.url, { concurrency: 5, lease: '60s' })
      const client = await crew.connect(server.url)
      await (await client.enqueue(crew.jobs.chain, { steps: 1 })).result({ timeout: '60s' })
      const seen = warnings()
      const before = await connectionsMade(server)
      for (const command of begin) await server.command(...command)
      const begun = performance.now()
      // Many at once, as a web app sends them: each is refused with the same cause.
      const refused = await Promise.allSettled(
        Array.from({ length: 40 }, () => client.enqueue(crew.jobs.chain, { steps: 1 })),
      )
      for (const end of refused) expect(end).toMatchObject({ status: 'rejected', reason: expect.anything() })
      await expect.poll(() => outagesOf(crew).began.length, patience).toBe(1)
      await wait(Math.max(0, seconds * 1_000 - (performance.now() - begun)))
      const elapsed = (performance.now() - begun) / 1_000
      // One of them is the connection that reads the count.
      const made = (await connectionsMade(server)) - before - begin.length - 1
      for (const command of end) await server.command(...command)
      await expect.poll(() => outagesOf(crew).ended.length, patience).toBe(1)
      const { began, ended } = outagesOf(crew)
      expect(began).toHaveLength(1)
      expect(began[0]).toContain(`"kind":"${kind}"`)
      expect(ended[0]).toContain(`"kind":"${kind}"`)
      await (await client.enqueue(crew.jobs.chain, { steps: 1 })).result({ timeout: '60s' })
      expect(seen).toEqual([])
      // Four links, of which two make calls: eight soon, then each about once in two seconds. Of the other kinds only a
      // link that is just being opened retries: the one of the lease thread may be.
      expect(made).toBeLessThanOrEqual((kind === 'read-only' ? 4 : 1) * (8 + elapsed))
      printEvidence({
        measure: `a server that is ${kind} for ${Math.round(elapsed)} s, a worker and 40 enqueues at once`,
        'reconnects per second': (made / elapsed).toFixed(1),
        goal: 'at most 15',
        'log lines': began.length + ended.length,
        'goal of lines': 2,
        'process warnings': seen.length,
      })
    },
    patienceMs,
  )
})

test(
  'an outage of a stopped server logs two lines for the process, its lease thread and its leadership together',
  async () => {
    const server = await RedisServer.start({ appendOnly: true })
    onTestFinished(() => server.remove())
    const crew = await Crew.open(server.url)
    const worker = await crew.hire(server.url, { lease: '600ms' })
    worker.onLeader('reports', () => undefined)
    await expect.poll(() => worker.leader.isLeading, patience).toBe(true)
    const held = await crew.client.enqueue(crew.jobs.held, undefined)
    await crew.bodyLog.until(() => crew.bodyLog.count('start', undefined, 'held') === 1)
    await server.kill()
    await expect.poll(() => outagesOf(crew).began.length, patience).toBe(1)
    // Long enough for the thread, whose calls end after 2 s, to have said so too.
    await wait(4_000)
    await server.restart()
    crew.gate.open()
    await held.result({ timeout: '60s' })
    await expect.poll(() => outagesOf(crew).ended.length, patience).toBe(1)
    const { began, ended } = outagesOf(crew)
    expect(began).toHaveLength(1)
    expect(began[0]).toMatch(/"kind":"unreachable".*ECONNREFUSED/)
    expect(ended).toHaveLength(1)
    expect(crew.lines.filter((line) => /"level":"(warn|error)"/.test(line))).toEqual(began)
  },
  patienceMs,
)

test(
  'a locked embedded store is logged in the same words',
  async () => {
    const shop = await openFixture()
    const worker = await shop.work(defineJob({ name: 'idle' }, () => 'done'))
    await expect.poll(() => worker.leader.isLeading, patience).toBe(true)
    const other = new DatabaseSync(shop.store.url?.slice('sqlite:'.length) ?? '')
    other.exec('BEGIN EXCLUSIVE')
    const outages = () => shop.lines.filter(({ message }) => message.startsWith('store outage'))
    await expect.poll(outages, patience).toMatchObject([{ level: 'warn', fields: { kind: 'locked' } }])
    other.exec('ROLLBACK')
    other.close()
    await expect.poll(outages, patience).toMatchObject([{ level: 'warn' }, { level: 'info' }])
    const grave = shop.lines.filter(({ level }) => level === 'warn' || level === 'error')
    expect(grave.map(({ message }) => message)).toEqual(['store outage began'])
  },
  patienceMs,
)

/** Servers that no Redis client can use, and how errors describe each. */
const pretenders: readonly (readonly [kind: string, what: string, greet: (socket: Socket) => void])[] = [
  ['unreachable', 'accepts and closes', (socket) => socket.destroy()],
  ['silent', 'accepts and never replies', () => undefined],
  ['protocol', 'is no Redis', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  [
    'protocol',
    'wants TLS',
    (socket) => socket.once('data', () => socket.end(Buffer.from('15030300020246', 'hex'))),
  ],
  [
    'too many clients',
    'has too many clients',
    (socket) => socket.once('data', () => socket.end('-ERR max number of clients reached\r\n')),
  ],
  [
    'login',
    'asks for a password',
    (socket) => {
      const requests = new FrameReader()
      socket.on('data', (chunk) => {
        for (const _ of requests.push(chunk)) socket.write('-NOAUTH Authentication required.\r\n')
      })
    },
  ],
]

test(
  'each call describes what replies in place of the server, with host and port, and connections stay few',
  () => Promise.all(pretenders.map(([kind, , greet]) => expectDescribed(kind, greet))),
  patienceMs,
)

/** A client of a server that is gone meets another one on its port. */
async function expectDescribed(kind: string, greet: (socket: Socket) => void): Promise<void> {
  const server = await started()
  const { port, url } = server
  const jobs = await connect(url)
  const job = defineJob({ name: 'never' }, () => undefined)
  await server.kill()
  let accepted = 0
  const pretender = createServer((socket) => {
    accepted++
    socket.on('error', () => undefined)
    greet(socket)
  })
  await new Promise<void>((resolve) => pretender.listen(port, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await jobs.close()
    pretender.close()
  })
  const message = expect.stringMatching(new RegExp(`^redis://127\\.0\\.0\\.1:${port} `))
  const described = { code: 'STORE_UNAVAILABLE', kind, message }
  await expect(connect(url)).rejects.toMatchObject(described)
  const before = accepted
  const begun = performance.now()
  // Until it has met the pretender, a call reports the server that was killed.
  await expect
    .poll(() => jobs.enqueue(job).catch((error: unknown) => error), { timeout: 60_000, interval: 1 })
    .toMatchObject(described)
  expect(accepted - before).toBeLessThanOrEqual(8 + (performance.now() - begun) / 500)
}

describe('a stop without a store', () => {
  const file = programFile('test/faults/stopping-process.ts')

  /** A worker process that has started its work. */
  async function working(spec: StoppingSpec, until: string) {
    const child = fork(file, [JSON.stringify(spec)], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let output = ''
    const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    await expect.poll(() => output, patience).toContain(until)
    return { child, exited, output: () => output }
  }

  const cases = [
    ['killed', 'idle', 8],
    ['killed', 'busy', 12],
    ['hangs', 'idle', 10],
    ['hangs', 'busy', 20],
    ['killed', 'leading', 20],
  ] as const

  test.each(cases.slice(0, inFull ? undefined : 3))(
    'the server %s, the worker is %s: the process ends before the platform kills it',
    async (how, what, stopSeconds) => {
      const server = await started()
      const store = `${server.url}?namespace=stop`
      const jobs = await connect(store)
      if (what === 'busy') await jobs.enqueue(defineJob({ name: 'endless' }, () => undefined))
      await jobs.close()
      const until = { busy: 'a step ended', leading: 'this worker leads', idle: 'worker started' }[what]
      const spec = { store, stopTimeout: `${stopSeconds}s` as const, leads: what === 'leading' }
      const { child, exited, output } = await working(spec, until)
      if (how === 'killed') await server.kill()
      else server.pause()
      const begun = performance.now()
      child.kill('SIGTERM')
      const platform = setTimeout(() => child.kill('SIGKILL'), stopSeconds * 1_000)
      const exit = await exited
      clearTimeout(platform)
      expect(exit).toEqual({ code: what === 'busy' ? 1 : 0, signal: null })
      if (what === 'busy') expect(output()).toContain('they go on elsewhere when their lease has expired')
      else expect(output()).toContain('the lease could not be resigned; it will expire')
      printEvidence({
        measure: `SIGTERM without a store: server ${how}, worker ${what}`,
        'exit after ms': Math.round(performance.now() - begun),
        goal: `below stopTimeout, ${stopSeconds * 1_000}`,
        'exit code': exit.code ?? -1,
      })
    },
    patienceMs,
  )

  test(
    'stop({ timeout }) of a worker in a process that continues ends, and so do close() and the calls that wait for it',
    async () => {
      const server = await started()
      const crew = await Crew.open(server.url)
      const worker = await crew.hire(server.url)
      const handle = await crew.client.enqueue(crew.jobs.held, undefined)
      await crew.bodyLog.until(() => crew.bodyLog.count('start', undefined, 'held') === 1)
      const client = await crew.connect(server.url)
      const result = client.run(handle.id).result()
      const unheard = expect(result).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', kind: 'closed' })
      server.pause()
      const pending = client.enqueue(crew.jobs.chain, { steps: 1 })
      const closed = expect(pending).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await Promise.all([worker.stop({ timeout: 0 }), client.close(), unheard, closed])
      expect(crew.lines.filter((line) => line.includes('could not be handed over'))).toHaveLength(1)
      expect(crew.lines.at(-1)).toContain('worker stopped')
    },
    patienceMs,
  )
})
