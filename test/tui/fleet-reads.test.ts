import { describe, expect, test } from 'vitest'
import { defineJob, limits } from '../../sdk/index.ts'
import { loadCron } from '../../tui/screens/cron/cron-data.ts'
import { loadLimits } from '../../tui/screens/limits/limits-data.ts'
import { limiterRows } from '../../tui/screens/limits/rows.ts'
import { loadQueues } from '../../tui/screens/queues/queues-data.ts'
import { queueRows, startedSeries, waitsOf } from '../../tui/screens/queues/rows.ts'
import { workerRows } from '../../tui/screens/workers/rows.ts'
import { loadHeld } from '../../tui/screens/workers/workers-data.ts'
import { type Fixture, openFixture } from '../support/fixture.ts'
import { bothStores } from '../support/stores/both-stores.ts'
import { fleetOf, screenInput } from './support/given.ts'

/** The reads of the screens of queues, workers, cron and limits, on a store with a held key and runs that wait for it. */

const tenant = limits.concurrency({ name: 'tenant', max: 1 })

interface Site extends Fixture {
  /** The run in the slot. */
  readonly holder: string
}

async function openSite(open: () => Promise<object>): Promise<Site> {
  const shop = await openFixture(await open())
  const held = Promise.withResolvers<string>()
  const sync = defineJob(
    { name: 'sync', queue: 'tenants', limits: [{ limiter: tenant, key: () => 'ana' }] },
    ({ run }) => {
      held.resolve(run.id)
      // Until the worker is stopped.
      return new Promise<void>(() => undefined)
    },
  )
  const nightly = defineJob(
    { name: 'nightly', queue: 'reports', schedule: { cron: '0 3 * * *', timeZone: 'Europe/Berlin' } },
    async () => {},
  )
  const ghost = defineJob({ name: 'ghost', queue: 'import' }, async () => {})
  await shop.work([sync, nightly], { concurrency: 5 })
  await shop.jobs.enqueueMany(sync, [undefined, undefined, undefined])
  await shop.jobs.enqueue(ghost)
  await shop.jobs.pauseQueue('import', { by: 'ana', reason: 'storm' })
  const holder = await held.promise
  await expect.poll(async () => (await shop.jobs.inspector.limiters())[0]?.waiting).toBe(2)
  await expect.poll(async () => (await shop.jobs.inspector.schedules())[0]?.nextTick).toBeDefined()
  return { ...shop, holder }
}

describe.each(bothStores)('on the %s store', (_, open) => {
  test('queues: runs in progress, what runs wait for, why ready runs are not taken', async () => {
    const { jobs } = await openSite(open)
    const overview = await jobs.inspector.overview({ range: '1h' })
    const data = await loadQueues(jobs.inspector, { range: '5m', current: 'tenants' }, undefined)
    const rows = queueRows(screenInput({ target: { screen: 'queues' }, fleet: fleetOf(overview), data }))
    expect(rows.map(({ id }) => id)).toEqual(['import', 'tenants', 'reports'])
    expect(rows[0]).toMatchObject({
      paused: { by: 'ana' },
      held: [{ why: { kind: 'no job' } }],
      counts: { ready: 1 },
    })
    expect(rows[1]).toMatchObject({
      counts: { running: 1, waiting: 2 },
      slots: { taken: 1, all: 5, workers: 1 },
    })
    expect(rows[1]?.perSecond).toBeGreaterThan(0)
    expect(startedSeries('tenants', data)?.some((count) => count > 0)).toBe(true)
    expect(waitsOf(data.detail?.waiting ?? [])).toEqual([{ kind: 'limit', name: 'tenant', runs: 2 }])
    const next = await loadQueues(jobs.inspector, { range: '5m', current: 'import' }, data)
    expect(next.detail?.oldest?.job).toBe('ghost')
  })

  test('workers: the runs held, by the name in the overview', async () => {
    const { jobs, holder } = await openSite(open)
    const overview = await jobs.inspector.overview({ range: '1h' })
    const [row] = workerRows(screenInput({ target: { screen: 'workers' }, fleet: fleetOf(overview) }))
    const { held, isWhole } = await loadHeld(jobs.inspector, { current: row?.id ?? '' })
    expect([held.map(({ id }) => id), isWhole]).toEqual([[holder], true])
  })

  test('cron: the ledger and the next ticks', async () => {
    const { jobs } = await openSite(open)
    const first = await loadCron(jobs, { wanted: 100 }, undefined)
    const data = await loadCron(jobs, { wanted: 100, current: 'nightly' }, first)
    expect(data.ledgers.get('nightly')?.map(({ outcome }) => outcome)).toEqual(['declared'])
    expect(data.ticks?.fires.map(({ local }) => local.slice(11, 19))).toEqual(
      Array.from({ length: 5 }, () => '03:00:00'),
    )
    const run = await jobs.schedules.trigger('nightly', { by: 'ana' })
    await run.result()
    const after = await loadCron(jobs, { wanted: 100, current: 'nightly' }, data)
    expect(after.ledgers.get('nightly')?.[0]).toMatchObject({ outcome: 'triggered', run: run.id })
    expect(after.lastRuns.get('nightly')).toMatchObject({ id: run.id, state: 'completed' })
  })

  test('limits: usage, holders, waiters', async () => {
    const { jobs, holder } = await openSite(open)
    const overview = await jobs.inspector.overview({ range: '1h' })
    const data = await loadLimits(jobs.inspector, { current: 'tenant' }, undefined)
    const [row] = limiterRows(screenInput({ target: { screen: 'limits' }, fleet: fleetOf(overview), data }))
    expect(row).toMatchObject({
      id: 'tenant',
      limiter: { waiting: 2 },
      fullest: { key: 'ana', used: 1, max: 1 },
    })
    expect(row?.target).toEqual({ screen: 'runs', filter: 'limiter:tenant' })
    expect(data.users?.key).toBe('ana')
    expect(data.users?.holders.map(({ run, worker }) => [run, worker])).toEqual([
      [holder, overview.workers[0]?.name],
    ])
    expect(data.users?.waiters.map(({ position }) => position)).toEqual([1, 2])
    const waiting = await jobs.inspector.runs({ limiter: 'tenant', order: 'oldest', limit: 10 })
    expect(waiting.runs.map(({ id }) => id)).toEqual(data.users?.waiters.map(({ run }) => run))
  })
})
