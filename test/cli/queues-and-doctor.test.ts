import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { commandLineWithStore, jobFile, ownCommandLine } from './command-line.ts'

interface QueuesJson {
  readonly queues: readonly { readonly name: string; readonly paused?: object }[]
}

test('queues counts live runs by state; pause and resume show there', async () => {
  const cli = ownCommandLine()
  await cli.ok('enqueue', jobFile, 'silent')
  await cli.ok('enqueue', jobFile, 'silent', '--delay', '1h')
  expect(await cli.ok('pause', 'default', '--by', 'ana', '--reason', 'too fast')).toBe(
    'queue default is paused; resume it with: durable-jobs resume default\n',
  )
  const [title = '', row = ''] = (await cli.ok('queues')).trimEnd().split('\n')
  expect(title).toBe('QUEUE    READY  RUNNING  WAITING  SCHEDULED  BLOCKED  CANCELLING  OLDEST READY  PAUSED')
  expect(row).toMatch(/^default +1 +0 +0 +1 +0 +0 +\S+m?s +by ana: too fast \(.+ ago\)$/)

  const counts = { ready: 1, running: 0, waiting: 0, scheduled: 1, blocked: 0, cancelling: 0 }
  const paused = { by: 'ana', reason: 'too fast', at: expect.any(Number) }
  const queue = { name: 'default', counts, paused, oldestReadyMs: expect.any(Number) }
  expect(await cli.json('queues')).toEqual({ queues: [queue] })

  expect(await cli.ok('resume', 'default')).toBe('queue default runs again\n')
  const { queues } = await cli.json<QueuesJson>('queues')
  expect(queues[0]).not.toHaveProperty('paused')
})

test('a run of a paused queue shows how to resume it, for the store in use', async () => {
  const cli = ownCommandLine()
  const store = ['--store', 'sqlite:my jobs.db']
  await cli.ok('enqueue', jobFile, 'slow', '--id', 'one', ...store)
  await cli.ok('pause', 'slowly', ...store)
  expect(await cli.ok('show', 'one', ...store)).toMatch(
    /^next {6}its queue is paused: durable-jobs resume slowly --store 'sqlite:my jobs\.db'$/m,
  )
})

test('an unknown queue is a warning, not an error', async () => {
  const cli = await commandLineWithStore()
  expect(await cli.ok('pause', 'improts')).toContain(' is paused (no live run or worker uses it now);')
  expect(await cli.ok('resume', 'imports')).toBe('queue imports was not paused; paused queues: improts\n')
  expect(await cli.json('pause', 'a')).toEqual({ queue: 'a', paused: true })
  expect(await cli.json('resume', 'a')).toEqual({ queue: 'a', paused: false })
})

test('no queue: stdout is empty', async () => {
  const cli = await commandLineWithStore()
  const finished = await cli.run(['queues'])
  expect(finished).toMatchObject({ code: 0, stdout: '' })
  expect(finished.stderr).toMatch(/^no live run and no paused queue in sqlite:\/.*\n$/)
})

test('doctor: runs that no live worker takes are a fault; a paused queue with runs is a warning, which --strict fails', async () => {
  const cli = ownCommandLine()
  await cli.ok('enqueue', jobFile, 'silent')
  const fault = await cli.run(['doctor'])
  expect(fault).toMatchObject({ code: 1, stderr: '' })
  expect(fault.stdout).toMatch(
    /\nfault {4}queues {8}1 run of job 'silent' is in queue 'default', and no live worker has that job\n {23}to do: start a worker/,
  )
  expect(fault.stdout).toMatch(/\n1 fault\n$/)
  await cli.ok('pause', 'default', '--by', 'ana', '--reason', 'storm')
  const warning = await cli.ok('doctor')
  expect(warning).toMatch(/\nfine {5}queues {8}1 in use\n/)
  expect(warning).toMatch(
    /\nwarning {2}paused {8}queue 'default' holds 1 run, paused by ana \(storm\) .* ago\n/,
  )
  expect(warning).toMatch(/to do: when its cause is gone: durable-jobs resume default\n/)
  expect(await cli.run(['doctor', '--strict'])).toMatchObject({ code: 1, stderr: '' })
})

test('doctor prints its checks and a verdict', async () => {
  const cli = await commandLineWithStore()
  const text = await cli.ok('doctor')
  expect(text).toMatch(
    /^store {9}sqlite:\/.*jobs\.db\ndurable-jobs {2}\d+\.\d+\.\d+\nnode {10}\d+\.\d+\.\d+\n\n/,
  )
  expect(text).toMatch(/\nfine {5}workers {7}0 live\n/)
  expect(text).toMatch(/\nfine {5}integrity {5}ok\n/)
  expect(text).toMatch(/\n\nno problem found\n$/)
  expect(await cli.json('doctor')).toEqual({
    address: `sqlite:${cli.folder}/.durable-jobs/jobs.db`,
    version: expect.any(String),
    node: process.versions.node,
    workers: 0,
    checks: expect.arrayContaining([{ name: 'integrity', verdict: 'fine', found: 'ok' }]),
  })
})

test('doctor finds wrong counters and corrects them with --recount', async () => {
  const cli = ownCommandLine()
  await cli.ok('enqueue', jobFile, 'silent')
  // No worker takes its runs: that is no fault of a paused queue.
  await cli.ok('pause', 'default')
  const database = new DatabaseSync(join(cli.folder, '.durable-jobs/jobs.db'))
  database.exec('UPDATE run_counts SET n = 3')
  database.close()
  expect(await cli.ok('doctor')).toMatch(
    /\nwarning {2}counters {6}1 ready runs of job 'silent' in queue 'default' are counted as 3\n/,
  )
  expect(await cli.ok('doctor', '--recount')).toMatch(/\nrecounted 1 runs: 1 counter put right\n/)
  expect(await cli.json('doctor', '--recount')).toMatchObject({
    checks: expect.arrayContaining([{ name: 'counters', verdict: 'fine', found: '1 run in 1 group' }]),
    recounted: { looked: 1, miscounts: [] },
  })
})
