import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { newRun, plainError } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'
import { searchAll } from './expect-search.ts'

interface Site {
  readonly store: Store
  /** Changes the file as another program would. */
  change(sql: string): void
}

async function newSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-search-'))
  const path = join(folder, 'jobs.db')
  const store = await openStore(parseStoreConfig(`sqlite:${path}`))
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const change = (sql: string): void => {
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
  }
  return { store, change }
}

test('runs of an earlier version, which keeps no run counters, are found', async () => {
  const { store, change } = await newSite()
  const [done, failed, ready] = ['done', 'failed', 'ready'].map((queue) => newRun({ job: 'theirs', queue }))
  if (done === undefined || failed === undefined || ready === undefined) throw new Error('no runs')
  const ours = newRun()
  await store.enqueue([ours, done, failed, ready])
  const jobs = ['job', 'theirs'].map((name) => ({ name, version: 1, queue: 'default', digest: 'd' }))
  const worker = await TestWorker.register(store, { jobs, queues: ['default', 'done', 'failed'] })
  for (const run of await worker.claim(3)) {
    await worker.settle(run, run.queue === 'failed' ? { kind: 'failed', error: plainError } : completed)
  }
  change("DELETE FROM run_counts WHERE job = 'theirs'")
  const cases = [
    [{ job: 'theirs', states: ['completed'] }, done],
    [{ queue: 'done', states: ['completed'] }, done],
    [{ job: 'theirs', states: ['failed'] }, failed],
    [{ states: ['failed'] }, failed],
    [{ states: ['ready'] }, ready],
  ] as const
  for (const [filter, { id }] of cases) {
    const found = await searchAll(store, { ...filter, limit: 10 })
    expect(found, JSON.stringify(filter)).toMatchObject([{ id }])
  }
  // Where the counters have all, none is none, and is known at once.
  change("INSERT INTO run_counts VALUES ('done', 'theirs', 'completed', 1, 0)")
  const none = { job: 'nobody', states: ['completed'] } as const
  expect(await store.runs({ ...none, limit: 10 })).toEqual({ runs: [], looked: 0 })
})

test('a search covers all ready runs, even more than can be sorted, in more queues than are read one by one', async () => {
  const { store, change } = await newSite()
  await store.enqueue([newRun({ queue: 'first' })])
  change(`
    CREATE TEMP TABLE copies AS
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 11500) SELECT runs.*, i FROM runs, n;
    UPDATE copies SET seq = seq + i, id = id || '-' || i, queue = 'queue ' || (i % 300);
    UPDATE copies SET state = 'completed', ended_at = enqueued_at WHERE i > 10100;
    CREATE TEMP TABLE bodies AS SELECT copies.seq AS n, payloads.* FROM copies, payloads;
    UPDATE bodies SET seq = n;
    ALTER TABLE copies DROP COLUMN i;
    ALTER TABLE bodies DROP COLUMN n;
    INSERT INTO runs SELECT * FROM copies;
    INSERT INTO payloads SELECT * FROM bodies;
    INSERT INTO run_counts SELECT queue, job, state, count(*), 0 FROM copies GROUP BY queue, job, state`)
  const search = { states: ['ready'], limit: 20 } as const
  const newest = await store.runs(search)
  expect(newest).toEqual({ runs: [], looked: 1_000, cursor: expect.any(String) })
  const { cursor = '' } = newest
  expect(await store.runs({ ...search, cursor })).toMatchObject({ looked: 420, runs: { length: 20 } })
  for (const order of ['oldest', 'longest'] as const) {
    expect(await store.runs({ ...search, order })).toMatchObject({ looked: 20, runs: { length: 20 } })
  }
  change("DELETE FROM runs WHERE state = 'ready' AND seq > 9000")
  expect(await store.runs(search)).toMatchObject({ looked: 20, runs: { length: 20 } })
})
