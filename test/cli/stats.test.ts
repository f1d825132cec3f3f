import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'
import { type CommandLine, commandLineWithStore, ownCommandLine } from './command-line.ts'

/** A store that began with a minute, two minutes ago: a run that waited 2 s and ran 5 s, another that still waits. */
async function storeWithHistory(cli: CommandLine): Promise<void> {
  const began = Math.floor(Date.now() / 60_000) * 60_000 - 120_000
  let elapsed = 0
  const store: Store = await openStore(
    parseStoreConfig({ url: `sqlite:${join(cli.folder, '.durable-jobs/jobs.db')}` }),
    { storeNow: () => began + elapsed, storeElapsed: () => elapsed },
  )
  await store.enqueue([newRun({ queue: 'mail', job: 'send' }), newRun({ queue: 'slow', job: 'import' })])
  const worker = await TestWorker.register(store, {
    jobs: [{ name: 'send', version: 1, queue: 'mail', digest: 'first' }],
  })
  elapsed += 2_000
  const run = await worker.claimOne()
  elapsed += 5_000
  await worker.settle(run, completed)
  await store.close()
}

test('stats reports rates and durations of jobs, and the backlog of queues', async () => {
  const cli = ownCommandLine()
  await storeWithHistory(cli)
  const [head = '', title = '', ...rows] = (await cli.ok('stats')).trimEnd().split('\n')
  expect(head).toMatch(/^runs per minute in the last [2-5] min: the store is no older$/)
  expect(title).toBe('QUEUE  JOB     STARTED  DONE  FAILED  WAIT P50/P95  RUN P50/P95  TOTAL P50/P95')
  expect(rows).toEqual([
    expect.stringMatching(/^mail {3}send +0\.\d {3}0\.\d {7}0 {5}~1\.5s\/~2s {4}~6\.1s\/~8s {6}~6\.1s\/~8s$/),
    expect.stringMatching(/^slow {3}import +0 +0 +0$/),
    '',
    'QUEUE  BACKLOG  PER MINUTE  DRAINED IN',
    expect.stringMatching(/^slow {9}1 {8}\+0\.\d$/),
  ])
})

test('stats of one queue or job, and as JSON', async () => {
  const cli = ownCommandLine()
  await storeWithHistory(cli)
  expect(await cli.ok('stats', '--queue', 'slow', '--range', '1h')).not.toContain('mail')
  expect(await cli.ok('stats', '--job', 'send', '--range', '24h')).not.toContain('slow')
  const send = {
    ...{
      queue: 'mail',
      job: 'send',
      enqueued: 1,
      started: 1,
      completed: 1,
      failed: 0,
      cancelled: 0,
      expired: 0,
    },
    perMinute: { started: expect.any(Number), completed: expect.any(Number), failed: 0 },
    wait: { count: 1, sumMs: 2_000, p50Ms: 1_536, p95Ms: 1_997 },
    run: { count: 1, sumMs: 5_000, p50Ms: 6_144, p95Ms: 7_987 },
    total: { count: 1, sumMs: 7_000, p50Ms: 6_144, p95Ms: 7_987 },
  }
  const json = await cli.json<{ points: unknown[] }>('stats', '--queue', 'mail', '--range', '24h')
  expect(json).toMatchObject({ range: '24h', now: expect.any(Number), jobs: [send], backlogs: [] })
  expect(json.points).toHaveLength(24)
})

test('without transitions stdout is empty; an unknown range is refused', async () => {
  const cli = await commandLineWithStore()
  const finished = await cli.run(['stats'])
  expect(finished).toMatchObject({ code: 0, stdout: '' })
  expect(finished.stderr).toMatch(/^nothing happened in the last 5 min in sqlite:\/.*\n$/)
  expect(await cli.refused(2, ['stats', '--range', '2h'])).toContain('Allowed choices are 5m, 1h, 24h')
})
