import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CommandLine, jobFile, nightlyFile } from './command-line.ts'

const cli = new CommandLine()
let first = ''

beforeAll(async () => {
  first = (await cli.ok('enqueue', nightlyFile, 'nightly', '{"day":"mon"}')).trim()
})
afterAll(() => cli.dispose())

describe('a unique key on the command line', () => {
  test('is shown with its run', async () => {
    expect(await cli.ok('show', first)).toMatch(/^unique +key 'mon', until it has finished$/m)
    expect(await cli.json('show', first)).toMatchObject({
      run: { unique: { key: 'mon', until: 'finished' } },
    })
    expect(await cli.json('runs')).toMatchObject({ runs: [{ unique: { key: 'mon' } }] })
  })

  test('finds the run that holds it', async () => {
    await cli.ok('enqueue', nightlyFile, 'nightly', '{"day":"tue"}')
    const found = await cli.json('runs', '--job', 'nightly', '--unique', 'mon')
    expect(found).toMatchObject({ runs: [{ id: first }] })
    expect(await cli.ok('runs', '--job', 'nightly', '--unique', 'mon')).toContain(first)
    expect(await cli.json('runs', '--job', 'nightly', '--unique', 'wed')).toEqual({
      runs: [],
      looked: 0,
    })
  })

  test('is listed among the held keys', async () => {
    const text = await cli.ok('unique', '--job', 'nightly')
    expect(text).toMatch(/^JOB +KEY +HELD BY +STATE +UNTIL +ENQUEUED\n/)
    expect(text).toMatch(new RegExp(`^nightly +mon +${first} +ready +it has ended +.* ago$`, 'm'))
    const { keys } = await cli.json<{ keys: { key: string }[] }>('unique')
    expect(keys.map(({ key }) => key)).toEqual(['mon', 'tue'])
    const page = await cli.json<{ keys: { key: string }[]; cursor: string }>('unique', '--limit', '1')
    expect(await cli.json('unique', '--cursor', page.cursor)).toMatchObject({ keys: [{ key: 'tue' }] })
    const none = await cli.run(['unique', '--job', 'none'])
    expect(none).toMatchObject({ code: 0, stdout: '' })
    expect(none.stderr).toMatch(/^no unique key of job 'none' is held in sqlite:/)
  })

  test('without its job, or with another filter, finds every run that has it', async () => {
    for (const args of [[], ['--job', 'nightly', '--state', 'ready']]) {
      const found = await cli.json('runs', '--unique', 'mon', ...args)
      expect(found).toMatchObject({ runs: [{ id: first }] })
    }
    expect(await cli.json('runs', '--unique', 'wed')).toMatchObject({ runs: [] })
  })

  test('that is held refuses an enqueue and prints the id of its run', async () => {
    const { code, stderr } = await cli.run(['enqueue', nightlyFile, 'nightly', '{"day":"mon"}', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'DUPLICATE_RUN' } })
    expect(stderr).toContain(first)
  })

  test('of an ended run is free again', async () => {
    await cli.ok('cancel', first)
    expect(await cli.ok('show', first)).toMatch(/^unique +key 'mon', free again$/m)
  })
})

test('a strict order of queues is shown with its worker, and requires queues', async () => {
  const args = ['--name', 'w1', '--queues', 'urgent,bulk', '--queue-order', 'strict']
  const worker = await cli.work(jobFile, ...args)
  const workers = await cli.json('workers')
  expect(workers).toMatchObject({ workers: [{ queues: ['urgent', 'bulk'], queueOrder: 'strict' }] })
  expect(await cli.ok('workers')).toContain('urgent > bulk (strict)')
  await worker.kill('SIGTERM')
  const { code, stderr } = await cli.run(['work', jobFile, '--queue-order', 'strict'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('queueOrder')])
})
