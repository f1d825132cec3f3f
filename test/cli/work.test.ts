import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { serveHealth } from '../../runtime/worker/health-server.ts'
import { expectEmf } from '../support/expect-emf.ts'
import { type CommandLine, commandLineWithStore, holdFile, jobFile, ownCommandLine } from './command-line.ts'

interface WorkersJson {
  readonly workers: readonly Readonly<Record<string, unknown>>[]
}

interface ShowJson {
  readonly run: { readonly state: string; readonly losses: number }
  readonly steps: readonly { readonly path: string }[]
  readonly history: readonly { readonly kind: string }[]
}

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve) => {
    server.listen(0, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

async function workerRows(cli: CommandLine): Promise<string[][]> {
  const lines = (await cli.ok('workers')).trimEnd().split('\n')
  return lines.map((line) => line.split(/ {2,}/))
}

describe('work', () => {
  test('works until SIGTERM, then exits 0 with an empty stderr', async () => {
    const cli = ownCommandLine()
    const worker = await cli.work(jobFile)
    await cli.ok('enqueue', jobFile, 'silent', '--wait')
    expect(await worker.kill('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
    expect(await cli.json('workers')).toEqual({ workers: [], lost: [] })
  })

  test('accepts files and folders, and the same job twice', async () => {
    const cli = ownCommandLine()
    const folder = jobFile.slice(0, jobFile.lastIndexOf('/'))
    const worker = await cli.work(folder, jobFile)
    expect(worker.stdout).toContain(
      '"jobs":["charge","hold","import-file","silent","slow","calls","limited"]',
    )
    expect(await worker.kill('SIGINT')).toMatchObject({ code: 0, stderr: '' })
  })

  test('a signal while job files load ends it cleanly', async () => {
    const cli = ownCommandLine()
    const file = cli.write(
      'jobs.mjs',
      "console.log('loading')\nawait new Promise((go) => setTimeout(go, 60_000))",
    )
    const worker = cli.start(['work', file])
    await worker.said('loading')
    expect(await worker.kill('SIGTERM')).toEqual({ code: 0, stdout: 'loading\n', stderr: '' })
  })

  test('continues when its log pipe is closed', async () => {
    const cli = ownCommandLine()
    const worker = await cli.work(jobFile)
    worker.process.stdout.destroy()
    await cli.ok('enqueue', jobFile, 'silent', '--wait')
    await cli.ok('enqueue', jobFile, 'silent', '--wait')
    expect((await worker.kill('SIGTERM')).code).toBe(0)
  })
})

describe('a draining worker', () => {
  test('replies 503 for /ready and 200 for /live until it has handed its run over', async () => {
    const cli = ownCommandLine()
    const port = String(await freePort())
    const worker = await cli.work(holdFile, '--name', 'w1', '--health-port', port)
    const health = (...more: string[]): string[] => ['health', '--port', port, ...more]
    const ready = { healthy: true, url: `http://127.0.0.1:${port}/ready`, answer: '200' }
    await expect.poll(() => cli.run(health('--ready'))).toMatchObject({ code: 0 })
    expect(await cli.ok(...health())).toBe(`healthy: http://127.0.0.1:${port}/live returned 200\n`)
    expect(await cli.json(...health('--ready'))).toEqual(ready)

    await cli.ok('enqueue', holdFile, 'hold', '--id', 'one')
    await worker.said('holding')
    const rows = await workerRows(cli)
    expect(rows[0]?.join(' ')).toBe(
      'WORKER HOST PID NODE RUNS STATE LEADS STARTED SEEN LEASE LEFT QUEUES JOBS',
    )
    const [name, , , , runs, state, leads] = rows[1] ?? []
    expect([name, runs, state, leads]).toEqual(['w1', '1/10', 'working', 'leader'])

    expect(await cli.ok('drain', 'w1', '--by', 'ana')).toBe(
      'worker w1 is draining: it claims no more runs and hands over those it holds\n',
    )
    await expect.poll(() => cli.run(health('--ready', '--json'))).toMatchObject({ code: 1 })
    const { stdout } = await cli.run(health('--ready', '--json'))
    expect(JSON.parse(stdout)).toEqual({ ...ready, healthy: false, answer: '503' })
    expect(await cli.refused(1, health('--ready'))).toBe(`not healthy: ${ready.url} returned 503`)
    await cli.ok(...health())
    expect((await workerRows(cli))[1]?.join(' ')).toMatch(/ draining, \S+ left ana /)

    worker.process.kill('SIGUSR2')
    expect(await worker.finished).toMatchObject({ code: 0, stderr: '' })
    expect(await cli.refused(1, health())).toContain('/live returned nothing (connect ECONNREFUSED')
    const shown = await cli.json<ShowJson>('show', 'one')
    expect(shown).toMatchObject({ run: { state: 'ready', losses: 0 }, history: [{ kind: 'released' }] })
    expect(shown.steps.map(({ path }) => path)).toEqual(['hold'])
  })

  test('reports why a worker is not ready', async () => {
    const server = await serveHealth(0, { live: () => true, ready: () => 'it leads: badly' })
    if (server.kind !== 'listening') throw new Error(server.reason)
    const health = ['health', '--port', String(server.port), '--ready']
    const why = `not healthy: http://127.0.0.1:${server.port}/ready returned 503: it leads: badly`
    expect(await ownCommandLine().refused(1, health)).toBe(why)
    await server.close()
  })

  test('an unknown worker: exit 1', async () => {
    const cli = await commandLineWithStore()
    expect(await cli.refused(1, ['drain', 'nobody'])).toMatch(/^no live worker 'nobody'/)
  })
})

test('a dead worker that is not yet cleaned up is reported as dead', async () => {
  const cli = ownCommandLine()
  const only = await cli.work(holdFile, '--name', 'w1')
  await cli.ok('enqueue', holdFile, 'hold', '--id', 'one')
  await only.said('holding')
  await only.kill('SIGKILL')
  expect(await cli.ok('workers')).toMatch(/^w1 .* lost /m)
  expect(await cli.ok('show', 'one')).toMatch(
    /^next {6}its worker is dead, start another one: durable-jobs work FILE$/m,
  )
  expect(await cli.refused(1, ['drain', 'w1'])).toMatch(/^worker 'w1' is dead/)
  const doctor = await cli.run(['doctor'])
  expect(doctor.code).toBe(1)
  expect(doctor.stdout).toMatch(/\nfault {4}workers {7}0 live, 1 dead, holding 1 run\n/)
})

test('a killed worker shows as a loss in the history of its run', async () => {
  const cli = ownCommandLine()
  const first = await cli.work(holdFile, '--name', 'w1')
  await cli.ok('enqueue', holdFile, 'hold', '--id', 'one')
  await first.said('holding')
  await first.kill('SIGKILL')
  const second = await cli.work(holdFile, '--name', 'w2')
  await second.said('holding')
  const text = await cli.ok('show', 'one')
  expect(text).toMatch(/^because {3}on w2$/m)
  expect(text).toMatch(/^losses {4}1$/m)
  expect(text).toMatch(
    /\nHISTORY +WHEN +BY +WORKER +REASON\nlost .* ago +w1 +its process died, before a step was stored\n/,
  )
  expect(await cli.ok('cancel', 'one')).toBe('run one is cancelling: its worker has the order and stops it\n')
})

test('the leader prints the metrics of the fleet for CloudWatch if enabled', async () => {
  const cli = ownCommandLine()
  const worker = await cli.work(jobFile, '--emf-namespace', 'shop/jobs')
  await worker.said('"_aws"')
  await worker.said('"Utilization":')
  const line = worker.stdout.split('\n').find((text) => text.includes('"_aws"'))
  expect(expectEmf(line ?? '')).toMatchObject({
    _aws: { CloudWatchMetrics: [{ Namespace: 'shop/jobs', Dimensions: [[]] }] },
    ...{ Workers: 1, Slots: 10, BusySlots: 0, Utilization: 0 },
  })
  const other = ['work', jobFile, '--emf-namespace', 'AWS/ECS']
  expect(await cli.refused(2, other)).toContain("emfNamespace: 'AWS/ECS' is no namespace of CloudWatch")
})

describe('environment', () => {
  test('every flag of work has its variable', async () => {
    const help = (await ownCommandLine().ok('work', '--help')).replace(/\s+/g, ' ')
    const flags = [...help.matchAll(/ --([a-z-]+) /g)]
      .map(([, flag]) => flag ?? '')
      .filter((flag) => flag !== 'help')
    const own =
      'queues queue-order concurrency name health-port stop-timeout max-blocked lease protect emf-namespace log-level'
    expect(flags).toEqual([...own.split(' '), 'json', 'no-leader', 'store'])
    for (const flag of flags) {
      const name = flag.replace('no-', '').toUpperCase().replaceAll('-', '_')
      expect(help).toContain(`env: DURABLE_JOBS_${name})`)
    }
  })

  test('variables configure the worker; a flag wins, an empty variable counts as unset', async () => {
    const cli = ownCommandLine()
    const env = {
      DURABLE_JOBS_STORE: `sqlite:${cli.folder}/elsewhere.db`,
      DURABLE_JOBS_NAME: 'from-environment',
      DURABLE_JOBS_CONCURRENCY: '7',
      DURABLE_JOBS_LEASE: '20s',
      DURABLE_JOBS_QUEUES: 'slowly,other',
      DURABLE_JOBS_STOP_TIMEOUT: '',
      DURABLE_JOBS_HEALTH_PORT: '',
      DURABLE_JOBS_JSON: '0',
    }
    const worker = cli.start(['work', jobFile, '--concurrency', '3'], env)
    await worker.said('worker started')
    const { workers } = await cli.json<WorkersJson>('workers', '--store', 'sqlite:elsewhere.db')
    expect(workers).toHaveLength(1)
    expect(workers[0]).toMatchObject({
      name: 'from-environment',
      concurrency: 3,
      running: 0,
      draining: false,
    })
    expect(workers[0]?.leaseLeftMs).toBeGreaterThan(10_000)
    expect(await worker.kill('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
  })

  test('names a wrong variable', async () => {
    const env = { DURABLE_JOBS_CONCURRENCY: 'many' }
    expect(await ownCommandLine().refused(2, ['work', jobFile], env)).toBe(
      "option '--concurrency <n>' value 'many' from env 'DURABLE_JOBS_CONCURRENCY' is invalid. Write a whole number from 1 to 10000.",
    )
  })

  test.each([
    ['false', false],
    ['0', false],
    ['true', true],
    ['', true],
  ])("DURABLE_JOBS_LEADER '%s'", async (value, leads) => {
    const cli = ownCommandLine()
    const worker = cli.start(['work', jobFile], { DURABLE_JOBS_LEADER: value })
    await worker.said(leads ? 'this worker leads' : 'worker started')
    await cli.ok('enqueue', jobFile, 'silent', '--wait')
    const { workers } = await cli.json<WorkersJson>('workers')
    expect(workers).toMatchObject([{ leads: leads ? ['leader'] : [] }])
    expect(await worker.kill('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
  })

  test('DURABLE_JOBS_LEADER accepts only true or false', async () => {
    expect(await ownCommandLine().refused(2, ['work', jobFile], { DURABLE_JOBS_LEADER: 'maybe' })).toBe(
      "DURABLE_JOBS_LEADER: 'maybe' is neither true nor false",
    )
  })

  test('DURABLE_JOBS_JSON makes errors JSON too', async () => {
    const { stderr } = await ownCommandLine().run(['work', 'nothing.ts'], { DURABLE_JOBS_JSON: '1' })
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'JOB_FILE' } })
  })

  test('sets the log level', async () => {
    const cli = ownCommandLine()
    const worker = cli.start(['work', jobFile], { DURABLE_JOBS_LOG_LEVEL: 'error' })
    await cli.ok('enqueue', jobFile, 'silent', '--wait')
    expect(await worker.kill('SIGTERM')).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})
