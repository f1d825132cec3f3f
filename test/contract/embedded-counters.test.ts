import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { countOf, planAction } from '../../runtime/client/actions/plan-action.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { byHand, newRun, plainError } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'
import { expectRightCounters } from './expect-right-counters.ts'

interface Site {
  open(): Promise<Store>
  /** Changes the file as another program would. */
  change(sql: string): void
}

function newSite(): Site {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-counters-'))
  const path = join(folder, 'jobs.db')
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return {
    open: async () => {
      const store = await openStore(parseStoreConfig(`sqlite:${path}`))
      onTestFinished(() => store.close())
      return store
    },
    change: (sql) => {
      const database = new DatabaseSync(path)
      database.exec(sql)
      database.close()
    },
  }
}

async function someRuns(store: Store): Promise<void> {
  await store.enqueue([newRun(), newRun(), newRun({ job: 'other' }), newRun({ queue: 'mail' })])
  const worker = await TestWorker.register(store, { queues: ['default'] })
  const [run] = await worker.claim(2)
  if (run !== undefined) await worker.settle(run, completed)
}

test('a file of an earlier version is counted in parts while its runs move', async () => {
  const site = newSite()
  await someRuns(await site.open())
  site.change("DROP TABLE run_counts; DELETE FROM settings WHERE name = 'recounted_at'")
  const store = await site.open()
  expect(await store.counts()).toEqual([])
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
  const worker = await TestWorker.register(store)
  for (let done = false; !done; ) {
    done = (await store.recount(1)).done
    const [run] = await worker.claim(1)
    if (run !== undefined) await worker.settle(run, completed)
  }
  await expectRightCounters(store)
  expect(await store.sweep(10)).not.toHaveProperty('recountDue')
})

test('a sweep finds and repairs counters of runs that a running earlier version moved', async () => {
  const site = newSite()
  const store = await site.open()
  await someRuns(store)
  expect(await store.sweep(10)).not.toHaveProperty('recountDue')
  const check = async (): Promise<object | undefined> =>
    (await store.checks()).find(({ name }) => name === 'counters')
  expect(await check()).toMatchObject({ verdict: 'fine', found: '4 runs in 4 groups' })
  site.change("UPDATE run_counts SET n = 3 WHERE state = 'completed'")
  expect(await check()).toMatchObject({
    verdict: 'warning',
    found: '1 completed runs are counted as 3',
    remedy: expect.stringContaining('doctor --recount'),
  })
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
  expect(await store.recount()).toEqual({
    done: true,
    looked: 4,
    miscounts: [{ queue: 'default', job: 'job', state: 'completed', stored: 3, counted: 1 }],
  })
  await expectRightCounters(store)

  // Not again within ten minutes: an earlier version may still be running.
  site.change("UPDATE run_counts SET n = 5 WHERE state = 'ready' AND queue = 'mail'")
  expect(await check()).toMatchObject({ found: "1 ready runs of job 'job' in queue 'mail' are counted as 5" })
  expect(await store.sweep(10)).not.toHaveProperty('recountDue')
  site.change("UPDATE settings SET value = 0 WHERE name = 'recounted_at'")
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
})

test('a plan trusts counters only if they are whole and cover all runs found', async () => {
  const site = newSite()
  const store = await site.open()
  const later = { start: { kind: 'in', ms: 90_000 } } as const
  await store.enqueue(Array.from({ length: 250 }, () => newRun(later)))
  const target = { kind: 'filter', filter: { states: ['scheduled'] } } as const
  const matching = async (): Promise<unknown> => (await planAction(store, 'cancel', target, [])).matching
  expect(await matching()).toEqual({ runs: 250, exact: true })
  // A worker of an earlier version beside this one counts nothing.
  for (const n of [0, 3]) {
    site.change(`UPDATE run_counts SET n = ${n}`)
    expect(await matching()).toEqual({ runs: 200, exact: false })
  }
  // As after an upgrade: the first count has not come far.
  site.change("UPDATE run_counts SET n = 0, recounted = 3; DELETE FROM settings WHERE name = 'recounted_at'")
  expect(await store.isCounted()).toBe(false)
  expect(await countOf(store, target)).toBeUndefined()
  expect(await matching()).toEqual({ runs: 250, exact: true })
  while (!(await store.recount()).done);
  expect(await countOf(store, target)).toBe(250)
})

test('a counter below zero is found', async () => {
  const site = newSite()
  const store = await site.open()
  const run = newRun()
  await store.enqueue([run])
  site.change("DELETE FROM run_counts WHERE state = 'ready'")
  await store.cancel(run.id, byHand())
  expect(await store.counts()).toMatchObject([{ state: 'cancelled' }])
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
})

test('failed runs are found by their fingerprint', async () => {
  const site = newSite()
  const store = await site.open()
  await someRuns(store)
  const worker = await TestWorker.register(store, { queues: ['mail'] })
  const run = await worker.claimOne()
  await worker.settle(run, { kind: 'failed', error: plainError })
  site.change("UPDATE runs SET fingerprint = 'f1:a' WHERE state IN ('failed', 'ready')")
  const found = await store.runs({ fingerprint: 'f1:a', limit: 5 })
  expect(found).toMatchObject({ runs: [{ id: run.id, state: 'failed' }], looked: 1 })
  expect((await store.runs({ fingerprint: 'f1:a', states: ['ready'], limit: 5 })).runs).toEqual([])
})
