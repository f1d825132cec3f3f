import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { NewRun } from '../../runtime/store/new-run.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { newRun, plainError } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { CommandLine, commandLineWithStore, jobFile, ownCommandLine } from './command-line.ts'

const version3 = { name: 'job', version: 3, queue: 'default', digest: 'third' }

interface RunsJson {
  readonly runs: readonly Readonly<Record<string, unknown>>[]
  readonly cursor?: string
  readonly looked: number
}

interface ShowJson {
  readonly run: Readonly<Record<string, unknown>>
  readonly steps: readonly Readonly<Record<string, unknown>>[]
  readonly history: readonly Readonly<Record<string, unknown>>[]
  readonly executions: readonly Readonly<Record<string, unknown>>[]
}

/** Lines of a table as lists of cells. */
function cells(table: string): string[][] {
  const lines = table.trimEnd().split('\n')
  return lines.map((line) => line.split(/ {2,}/))
}

const ago = /^(?:\d+ms|\d+\.\ds|\d+m\d+s) ago$/
const cli = new CommandLine()

/** One run of each kind, worked on until it has ended or sleeps. */
beforeAll(async () => {
  const worker = await cli.work(jobFile, '--name', 'w1')
  const enqueue = (id: string, job: string, ...rest: string[]): Promise<unknown> =>
    cli.run(['enqueue', jobFile, job, ...rest, '--id', id])
  await enqueue('good', 'import-file', '{"file":"a.csv"}', '--wait', '--tag', 'fine')
  await enqueue('bad', 'import-file', '{"file":"bad.csv"}', '--wait', '--tag', 'odd', '--header', 'trace=1')
  await enqueue('control', 'import-file', '{"file":"control.csv"}', '--wait')
  await enqueue('sleeping', 'slow')
  await worker.said('"outcome":"waiting"')
  await worker.kill('SIGTERM')
  await enqueue('unclaimed', 'silent')
})
afterAll(() => cli.dispose())

describe('runs', () => {
  test('lists newest first: state, attempts, losses, age and reason', async () => {
    const [title, ...rows] = cells(await cli.ok('runs'))
    expect(title).toEqual(['ID', 'JOB', 'STATE', 'ATTEMPT', 'LOSSES', 'ENQUEUED', 'SITUATION'])
    expect(rows).toEqual([
      ['unclaimed', 'silent', 'ready', '1', '0', expect.stringMatching(ago), 'no live worker'],
      ['sleeping', 'slow', 'waiting', '1', '0', expect.stringMatching(ago), expect.any(String)],
      ['control', 'import-file', 'failed', '1', '0', expect.stringMatching(ago), expect.any(String)],
      ['bad', 'import-file', 'failed', '1', '0', expect.stringMatching(ago), expect.any(String)],
      ['good', 'import-file', 'completed', '1', '0', expect.stringMatching(ago), expect.any(String)],
    ])
    const situations = rows.map((row) => row[6])
    expect(situations[1]).toMatch(/^sleeps in 'nap', due in 5\d min \d+ s$/)
    expect(situations[2]).toBe('check: FatalError: a red error')
    expect(situations[3]).toBe('check: TypeError: email is missing')
    expect(situations[4]).toMatch(/^took \d/)
  })

  test('filters by state, job, queue and tag', async () => {
    const ids = async (...filter: string[]): Promise<unknown[]> =>
      (await cli.json<RunsJson>('runs', ...filter)).runs.map(({ id }) => id)
    expect(await ids('--state', 'failed')).toEqual(['control', 'bad'])
    expect(await ids('--job', 'silent')).toEqual(['unclaimed'])
    expect(await ids('--queue', 'slowly')).toEqual(['sleeping'])
    expect(await ids('--tag', 'odd', '--state', 'failed')).toEqual(['bad'])
    expect(await ids('--state', 'completed,ready', '--state', 'waiting')).toEqual([
      ...['unclaimed', 'sleeping', 'good'],
    ])
  })

  test('filters by time, text, holder and fingerprint, in another order', async () => {
    const ids = async (...filter: string[]): Promise<unknown[]> =>
      (await cli.json<RunsJson>('runs', ...filter)).runs.map(({ id }) => id)
    expect(await ids('--text', 'NO EMAIL')).toEqual(['bad'])
    expect(await ids('--text', 'control')).toEqual(['control'])
    expect(await ids('--since', '1h', '--order', 'oldest')).toEqual([
      'good',
      'bad',
      'control',
      'sleeping',
      'unclaimed',
    ])
    expect(await ids('--since', '2100-01-01')).toEqual([])
    expect(await ids('--before', '1h')).toEqual([])
    expect(await ids('--before', '2100-01-01')).toEqual(await ids())
    expect(await ids('--older-than', '1h')).toEqual([])
    expect(await ids('--older-than', '1ms', '--state', 'ready,waiting', '--order', 'longest')).toEqual([
      'sleeping',
      'unclaimed',
    ])
    expect(await ids('--worker', 'w1')).toEqual([])
    expect(await ids('--fingerprint', 'f1:none')).toEqual([])
  })

  test('refuses a filter that an order doesn’t support, and a cursor of another filter', async () => {
    expect(await cli.refused(2, ['runs', '--order', 'longest'])).toContain("'longest' is for ready")
    const { cursor } = await cli.json<RunsJson>('runs', '--limit', '1')
    const other = ['runs', '--state', 'failed', '--cursor', String(cursor)]
    expect(await cli.refused(2, other)).toContain('belongs to another filter or order')
  })

  test('pages by cursor', async () => {
    const first = await cli.json<RunsJson>('runs', '--limit', '3')
    const second = await cli.json<RunsJson>('runs', '--limit', '3', '--cursor', String(first.cursor))
    const ids = [...first.runs, ...second.runs].map(({ id }) => id)
    expect(ids).toEqual(['unclaimed', 'sleeping', 'control', 'bad', 'good'])
    expect(second.cursor).toBeUndefined()
    const { stderr } = await cli.run(['runs', '--limit', '3'])
    expect(stderr).toBe(`there are more: add --cursor ${first.cursor}\n`)
  })

  test('JSON has the fields that the help promises', async () => {
    const { runs } = await cli.json<RunsJson>('runs')
    const fields = [
      'id',
      'job',
      'version',
      'queue',
      'priority',
      'state',
      'attempt',
      'losses',
      'tags',
      'headers',
    ]
    for (const run of runs) {
      expect(Object.keys(run)).toEqual(
        expect.arrayContaining([...fields, 'position', 'enqueuedAt', 'changedAt']),
      )
    }
    const byId = Object.fromEntries(runs.map((run) => [run.id, run]))
    expect(byId.sleeping?.waitingFor).toEqual({ kind: 'time', name: 'nap', until: expect.any(Number) })
    expect(byId.good?.output).toEqual({ rows: 2, at: '1970-01-01T00:00:00.000Z', total: '10' })
    const cause = { name: 'TypeError', message: 'email is missing' }
    expect(byId.bad).toMatchObject({ headers: { trace: '1' }, error: { cause: { cause } } })
  })

  test('an empty result leaves stdout empty and names the store on stderr', async () => {
    const cli = await commandLineWithStore()
    const finished = await cli.run(['runs'])
    expect(finished).toMatchObject({ code: 0, stdout: '' })
    expect(finished.stderr).toMatch(/^no such run in sqlite:\/.*\.durable-jobs\/jobs\.db\n$/)
  })
})

describe('show', () => {
  test('lists the executions of a run that has had several', async () => {
    const own = ownCommandLine()
    const store = await openStore(parseStoreConfig(`sqlite:${join(own.folder, '.durable-jobs/jobs.db')}`))
    const worker = await TestWorker.register(store, { name: 'w1', jobs: [version3] })
    await store.enqueue([newRun({ id: 'twice' })])
    await worker.settle(await worker.claimOne(), { kind: 'released' })
    await worker.settle(await worker.claimOne(), { kind: 'failed', error: plainError })
    await store.close()
    const lines = cells(await own.ok('show', 'twice')).map((line) => line.map((cell) => cell.trim()))
    const title = lines.findIndex(([first]) => first === 'EXECUTION')
    expect(lines[title]).toEqual(['EXECUTION', 'CLAIMED', 'QUEUED', 'WORKER', 'VERSION', 'RAN', 'END'])
    expect(lines.slice(title + 1, title + 3).map((line) => [line.at(-4), line.at(-3), line.at(-1)])).toEqual([
      ['w1', '3', 'handed back'],
      ['w1', '3', 'failed'],
    ])
    const { executions } = await own.json<ShowJson>('show', 'twice')
    expect(executions).toMatchObject([
      { n: 1, worker: 'w1', end: { transition: 'release' } },
      { n: 2, worker: 'w1', end: { transition: 'fail' } },
    ])
  })

  test('a failed run: the next command, the error with its causes, the steps', async () => {
    const text = await cli.ok('show', 'bad')
    const [head = '', error = '', input = '', steps = ''] = text.split('\n\n')
    expect(cells(head)).toEqual([
      ['run', 'bad'],
      ['state', 'failed'],
      ['next', 'continue from the stored steps: durable-jobs retry bad'],
      ['job', 'import-file, version 1'],
      ['queue', 'default, priority 0'],
      ['attempt', '1'],
      ['losses', '0'],
      ['tags', 'odd'],
      ['headers', 'trace=1'],
      ['enqueued', expect.stringMatching(/^\d{4}-\d\d-\d\dT\S+Z \(.* ago\)$/)],
      ['started', expect.stringMatching(/ ago\)$/)],
      ['ended', expect.stringMatching(/ ago\)$/)],
    ])
    expect(error.split('\n')).toEqual([
      'ERROR',
      "StepFailedError: step 'check' failed after 2 attempts: row 7 has no email [STEP_FAILED]",
      'caused by Error: row 7 has no email',
      'caused by TypeError: email is missing',
      expect.stringMatching(/^ {2}at .*test\/cli\/jobs\/imports\.ts:\d+ \(all of the stack with --json\)$/),
    ])
    expect(input).toBe("INPUT\n{ file: 'bad.csv', rows: 2 }")
    const [title, ...rows] = cells(steps)
    expect(title).toEqual(['STEP', 'KIND', 'STATE', 'TRIES', 'TOOK', 'STORED', 'SITUATION'])
    expect(rows.map(([path, kind, state, tries]) => [path, kind, state, tries])).toEqual([
      ['read', 'run', 'done', '1'],
      ['ask provider', 'run', 'done', '2'],
      ['insert[0]', 'run', 'done', '1'],
      ['insert[1]', 'run', 'done', '1'],
      ['charge', 'run, at most once', 'done', '1'],
      ['check', 'run', 'failed', '2'],
    ])
    expect(rows[1]?.at(-1)).toBe('after Error: connection reset')
    expect(rows[5]?.at(-1)).toBe('Error: row 7 has no email')
  })

  test('a completed run ends with its output', async () => {
    const text = await cli.ok('show', 'good')
    expect(text).toMatch(/^took {6}\d/m)
    expect(text).not.toMatch(/^next/m)
    expect(text).toMatch(/\n\nOUTPUT\n\{ rows: 2, at: 1970-01-01T00:00:00\.000Z, total: 10n \}\n$/)
  })

  test('a sleeping run and one that no worker takes', async () => {
    const sleeping = await cli.ok('show', 'sleeping')
    expect(sleeping).toMatch(/^because {3}sleeps in 'nap', due in 5\d min \d+ s$/m)
    const unclaimed = await cli.ok('show', 'unclaimed')
    expect(unclaimed).toMatch(/^next {6}no live worker has version 1 of 'silent': durable-jobs work FILE$/m)
    expect(unclaimed).toMatch(/\nINPUT\nnone\n\nno step is stored yet\n$/)
  })

  test('text that a job threw can’t control the terminal', async () => {
    for (const text of [await cli.ok('show', 'control'), await cli.ok('runs')]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not appear
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
    }
  })

  test('as JSON', async () => {
    const { run, steps, history } = await cli.json<ShowJson>('show', 'bad')
    expect(run).toMatchObject({ id: 'bad', state: 'failed', input: { file: 'bad.csv', rows: 2 } })
    expect(run.error).toMatchObject({ name: 'StepFailedError', stack: expect.stringContaining('\n    at ') })
    const times = { durationMs: expect.any(Number), storedAt: expect.any(Number) }
    expect(steps[0]).toEqual({ path: 'read', kind: 'run', state: 'done', tries: 1, ...times, result: 2 })
    expect(steps[4]).toMatchObject({ path: 'charge', atMostOnce: true, result: 'charged' })
    expect(steps[5]).toMatchObject({
      path: 'check',
      state: 'failed',
      error: { message: 'row 7 has no email' },
    })
    expect(history).toEqual([])
  })

  test('an unknown id: exit 1, and the store it searched', async () => {
    expect(await cli.refused(1, ['show', 'nothing'])).toMatch(
      /^no run 'nothing' in this store: .* \(sqlite:\/.*jobs\.db\)$/,
    )
  })
})

test('a search without matches continues by itself, up to a bound', async () => {
  const own = new CommandLine()
  onTestFinished(() => own.dispose())
  const store = await openStore(parseStoreConfig(`sqlite:${join(own.folder, '.durable-jobs/jobs.db')}`))
  const base = {
    job: 'many',
    version: 1,
    queue: 'default',
    priority: 0,
    input: new Uint8Array(),
    inputDigest: '',
  }
  const run = (id: string): NewRun => ({ ...base, id, tags: [], headers: {}, start: { kind: 'now' } })
  await store.enqueue(Array.from({ length: 6_200 }, (_, i) => run(i === 3_000 ? 'needle' : `run-${i}`)))
  await store.close()
  const found = await own.run(['runs', '--text', 'NEEDLE'])
  expect(found.stdout).toMatch(/^needle /m)
  const nothing = await own.run(['runs', '--text', 'hay'])
  expect(nothing).toMatchObject({ code: 0, stdout: '' })
  const cursor = /^searched 4,000 runs; to continue, add --cursor (\S+)\n$/.exec(nothing.stderr)?.[1] ?? ''
  const rest = await own.json<RunsJson>('runs', '--text', 'hay', '--cursor', cursor)
  expect(rest).toEqual({ runs: [], looked: 2_200 })
  expect((await own.run(['runs', '--text', 'hay', '--cursor', cursor])).stderr).toMatch(/^no such run in /)
})
