import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect, type Jobs } from '../../sdk/index.ts'
import { type CommandLine, ownCommandLine } from './command-line.ts'
import { silent, slow } from './jobs/imports.ts'

interface EventsJson {
  readonly events: readonly { readonly cursor: string; readonly kind: string; readonly run?: string }[]
  readonly cursor: string
  readonly gap?: true
}

async function inStore<T>(cli: CommandLine, use: (jobs: Jobs) => Promise<T>): Promise<T> {
  const jobs = await connect(`sqlite:${join(cli.folder, '.durable-jobs/jobs.db')}`)
  try {
    return await use(jobs)
  } finally {
    await jobs.close()
  }
}

/** A command line with the events of two runs and of an operator. */
async function withEvents(): Promise<CommandLine> {
  const cli = ownCommandLine()
  await inStore(cli, async (jobs) => {
    await jobs.enqueue(silent, undefined, { id: 'one' })
    await jobs.enqueue(slow, undefined, { id: 'two' })
    await jobs.pauseQueue('slowly', { by: 'ana', reason: 'storm\u001b[31m' })
    await jobs.run('two').cancel({ by: 'bo' })
  })
  return cli
}

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}/

function texts(stdout: string): string[] {
  const lines = stdout.trimEnd().split('\n')
  for (const line of lines) expect(line).toMatch(time)
  return lines.map((line) => line.replace(time, ''))
}

test('events prints sentences, oldest first, from both logs or one', async () => {
  const cli = await withEvents()
  const [first, second, paused, order, cancel] = [
    "run one of 'silent' in queue 'default' enqueued, now ready",
    "run two of 'slow' in queue 'slowly' enqueued, now ready",
    "queue 'slowly' paused by ana: 'storm'",
    "run two of 'slow' told to stop by bo",
    "run two of 'slow' in queue 'slowly' cancelled",
  ]
  expect(texts(await cli.ok('events'))).toEqual([first, second, paused, order, cancel])
  expect(texts(await cli.ok('events', '--log', 'operations'))).toEqual([paused, order])
  expect(texts(await cli.ok('events', '--limit', '2'))).toEqual([order, cancel])

  const begin = await cli.run(['events', '--run', 'tw'])
  expect(texts(begin.stdout)).toEqual([second, order, cancel])
  expect(begin.stderr).toBe('3 of the 5 newest events that were read match\n')
  const run = await cli.run(['events', '--run', 'two'])
  expect({ texts: texts(run.stdout), stderr: run.stderr }).toEqual({
    texts: [second, order, cancel],
    stderr: '',
  })
  const queue = await cli.run(['events', '--queue', 'slowly', '--log', 'operations'])
  expect(texts(queue.stdout)).toEqual([paused, order])
  expect(texts((await cli.run(['events', '--job', 'silent'])).stdout)).toEqual([first])
})

test('cursors page forward and back; a cursor of another store reports a gap', async () => {
  const cli = await withEvents()
  const { events, cursor } = await cli.json<EventsJson>('events')
  expect(events.map(({ kind }) => kind)).toEqual(['run', 'run', 'operation', 'operation', 'run'])
  expect(cursor).toBe(events[4]?.cursor)
  const page = await cli.run(['events', '--after', events[0]?.cursor ?? '', '--limit', '2'])
  expect(texts(page.stdout)).toHaveLength(2)
  expect(page.stderr).toBe(`there may be more: add --after ${events[2]?.cursor}\n`)
  expect(await cli.json('events', '--after', events[2]?.cursor ?? '')).toEqual({
    events: events.slice(3),
    cursor,
  })

  const back = await cli.run(['events', '--before', cursor, '--limit', '2'])
  expect(texts(back.stdout)).toHaveLength(2)
  expect(back.stderr).toBe(`there may be older ones: add --before ${events[2]?.cursor}\n`)
  const ofRun = await cli.json<EventsJson>('events', '--run', 'two', '--before', cursor, '--limit', '5')
  expect(ofRun.events).toEqual([events[1], events[3]])
  const both = ['events', '--after', cursor, '--before', cursor]
  expect(await cli.refused(2, both)).toMatch(/--after reads forward and --before reads back/)
  expect(await cli.refused(2, ['events', '--follow', '--before', cursor])).toMatch(/use only one of them/)

  const foreign = cursor.replace(/^[^-]+/, 'abc')
  expect(await cli.json('events', '--after', foreign)).toEqual({ events, cursor, gap: true })
  expect(await cli.ok('events', '--after', foreign)).toMatch(/^gap: earlier events were dropped/)
  expect(await cli.refused(2, ['events', '--after', '12'])).toMatch(/^events: '12' is no cursor/)
})

test('--follow prints events as they arrive until Ctrl-C; each is a line of JSON', async () => {
  const cli = await withEvents()
  const follower = cli.start(['events', '--follow', '--json', '--queue', 'slowly'])
  await follower.said('"cancel"')
  await inStore(cli, async (jobs) => {
    await jobs.resumeQueue('slowly', { by: 'ana' })
    await follower.said('"resume queue"')
    await jobs.pauseQueue('other', { by: 'ana' })
    await jobs.pauseQueue('slowly', { by: 'cy' })
  })
  await follower.said('"cy"')
  const { code, stdout, stderr } = await follower.kill('SIGINT')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { operation?: string; transition?: string })
  expect(lines.map((line) => line.operation ?? line.transition)).toEqual([
    ...['enqueue', 'pause queue', 'cancel run', 'cancel', 'resume queue', 'pause queue'],
  ])
})

test('--follow ends when the program that reads its output ends', async () => {
  const cli = await withEvents()
  const follower = cli.start(['events', '--follow'])
  const head = spawn('head', ['-n', '1'], { stdio: ['pipe', 'pipe', 'ignore'] })
  follower.process.stdout.pipe(head.stdin)
  head.stdin.on('error', () => follower.process.stdout.destroy())
  const [line] = (await once(head.stdout, 'data')) as [Buffer]
  expect(String(line)).toMatch(/run one of 'silent'/)
  follower.process.stdout.destroy()
  await inStore(cli, (jobs) => jobs.pauseQueue('slowly', { by: 'ana' }))
  expect(await follower.finished).toMatchObject({ code: 0, stderr: '' })
})
