import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { refuseNetworkFileSystem } from '../../runtime/store/embedded/host.ts'
import { formatVersion } from '../../runtime/store/embedded/schema.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import { retainedHours } from '../../runtime/store/statistics.ts'
import { type ClaimedRun, type Store, throughputMinutes } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { acquire, one, use } from '../support/stores/limit-inputs.ts'
import { makeFormat1, makeVersionBefore } from '../support/stores/older-file.ts'
import { byHand, mark, newRun, newWorker, plainError } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'
import { readRunEvents } from './read-events.ts'

describe('the file of the embedded store', () => {
  let folder = ''
  let path = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'durable-jobs-file-'))
    path = join(folder, 'jobs.db')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  async function using(work: (store: Store) => Promise<void>, address = `sqlite:${path}`): Promise<void> {
    const store = await openStore(parseStoreConfig(address))
    try {
      await work(store)
    } finally {
      await store.close()
    }
  }

  /** Changes the file as no store does. */
  function sql(text: string): void {
    const database = new DatabaseSync(path)
    database.exec(text)
    database.close()
  }

  function rows(table: string): number {
    const database = new DatabaseSync(path)
    const { n } = database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }
    database.close()
    return n
  }

  test('is created with its folders, and keeps its data once closed', async () => {
    path = join(folder, 'deep/er/jobs.db')
    const run = newRun()
    await using(async (store) => void (await store.enqueue([run])))
    await using(async (store) => expect(await store.run(run.id)).toMatchObject({ state: 'ready' }))
  })

  test('with keys of ended or removed runs is repaired by a sweep, which reports them', async () => {
    const runs = ['live', 'over', 'begun'].map((key) =>
      newRun({ unique: { key, until: key === 'begun' ? 'started' : 'finished', onDuplicate: 'join' } }),
    )
    const [live, over, begun] = runs.map(({ id }) => id)
    await using(async (store) => {
      await store.enqueue(runs)
      await store.cancel(over ?? '', byHand())
    })
    sql(`INSERT INTO unique_keys (job, key, run) VALUES ('job', 'over', '${over}'), ('job', 'gone', 'nobody');
         UPDATE runs SET started_at = 1 WHERE id = '${begun}'`)
    await using(async (store) => {
      const { freedKeys = [] } = await store.sweep(2)
      const rest = (await store.sweep(2)).freedKeys ?? []
      expect([...freedKeys, ...rest]).toEqual([
        { job: 'job', key: 'begun', run: begun },
        { job: 'job', key: 'over', run: over },
        { job: 'job', key: 'gone', run: 'nobody' },
      ])
      expect(await store.holder('job', 'live')).toBe(live)
      for (let i = 0; i < 3; i++) expect(await store.sweep(2)).toMatchObject({ pruned: 0, repaired: [] })
    })
  })

  test('with damaged keys gives them to the next run all the same', async () => {
    await using(async () => undefined)
    sql("INSERT INTO unique_keys (job, key, run) VALUES ('job', 'k', 'nobody')")
    await using(async (store) => {
      const run = newRun({ unique: { key: 'k', until: 'finished', onDuplicate: 'join' } })
      expect(await store.holder('job', 'k')).toBeUndefined()
      expect(await store.enqueue([run])).toMatchObject([{ outcome: 'created' }])
      expect(await store.holder('job', 'k')).toBe(run.id)
    })
  })

  test('of a newer version is refused and stays unchanged', async () => {
    await using(async () => undefined)
    sql('PRAGMA user_version = 99')
    await expect(openStore(parseStoreConfig(`sqlite:${path}`))).rejects.toMatchObject({
      code: 'STORE_FORMAT',
      message: expect.stringMatching(/format 99.*upgrade/),
    })
  })

  test('of format 1 is upgraded to this format and keeps its runs', async () => {
    const runs = [newRun(), newRun()] as const
    await using(async (store) => void (await store.enqueue(runs)))
    makeFormat1(path)
    await using(async (store) => {
      for (const { id } of runs) expect(await store.run(id)).toMatchObject({ state: 'ready' })
      await store.cancel(runs[0].id, byHand())
      expect(await readRunEvents(store)).toMatchObject([{ run: runs[0].id, transition: 'cancel' }])
      expect(await store.throughput(1)).toMatchObject([{ counts: { cancel: 1 } }])
      expect(await store.checks()).toContainEqual(
        expect.objectContaining({ name: 'format', verdict: 'fine', found: `version ${formatVersion}` }),
      )
    })
  })

  test('whose executions have no task column gets it, and keeps its executions', async () => {
    const run = newRun()
    await using(async (store) => {
      await store.enqueue([run])
      const worker = await TestWorker.register(store)
      const [claimed] = await worker.claim(1)
      if (claimed !== undefined) await worker.settle(claimed, { kind: 'released' })
    })
    sql('ALTER TABLE executions DROP COLUMN task')
    await using(async (store) => {
      const [first] = await store.executions(run.id)
      expect(first).toMatchObject({ n: 1, end: { transition: 'release' } })
      const worker = await TestWorker.register(store)
      const [claimed] = await worker.claim(1)
      if (claimed !== undefined) await worker.settle(claimed, { kind: 'released' })
      expect(await store.executions(run.id)).toMatchObject([{ n: 1 }, { n: 2 }])
    })
  })

  test('of the previous version gets its missing columns and keeps its format, so both versions continue', async () => {
    const both = { key: 'w', canonicalKey: 'c', until: 'finished', onDuplicate: 'join' } as const
    const [before, after] = [newRun({ inputDigest: 'c' }), newRun({ unique: both })]
    await using(async (store) => void (await store.enqueue([before])))
    makeVersionBefore(path)
    await using(async (store) => {
      const worker = await TestWorker.register(store)
      await using(async (newer) => {
        const again = { ...before, inputDigest: 'w', canonicalDigest: 'c' }
        expect(await newer.enqueue([again, after])).toMatchObject([
          { outcome: 'joined' },
          { outcome: 'created' },
        ])
      })
      expect(await worker.renew()).toMatchObject({ kind: 'held', orders: { drain: false } })
    })
    // Written by the previous version, with the rest of a run with two keys that ended under it.
    sql(`INSERT INTO runs (id, job, version, queue, priority, state, enqueued_at, changed_at, unique_key, unique_until)
           VALUES ('older', 'job', 1, 'default', 0, 'ready', 1, 1, 'x', 0);
         INSERT INTO payloads (seq, input, input_digest, tags, headers) VALUES (last_insert_rowid(), x'01c0', 'x', '[]', '{}');
         INSERT INTO unique_keys (job, key, run) VALUES ('job', 'x', 'older');
         UPDATE runs SET state = 'completed', ended_at = 1 WHERE id = '${after.id}';
         DELETE FROM unique_keys WHERE key = 'w'`)
    await using(async (store) => {
      expect(await store.sweep(100)).toMatchObject({ pruned: expect.any(Number), repaired: [] })
      const older = newRun({ unique: { ...both, key: 'x' } })
      expect(await store.enqueue([older])).toEqual([{ outcome: 'joined', id: 'older' }])
      expect(await store.holder('job', 'c')).toBeUndefined()
      const next = newRun({ unique: both })
      expect(await store.enqueue([next])).toEqual([{ outcome: 'created', id: next.id }])
    })
  })

  test('counts currently failed runs, including those the previous version moved or deleted', async () => {
    const runs = [newRun(), newRun(), newRun(), newRun()]
    const [swept, claimed, deleted] = runs.map(({ id }) => id)
    const failedNow = async (store: Store): Promise<unknown> =>
      (await store.failures({ limit: 1 }))[0]?.failedNow
    await using(async (store) => {
      await store.enqueue(runs)
      const worker = await TestWorker.register(store)
      const outcome = { kind: 'failed', error: plainError, mark: mark('parse') } as const
      for (const run of await worker.claim()) await worker.settle(run, outcome)
      expect(await failedNow(store)).toBe(4)

      const retry = "UPDATE runs SET state = 'ready', ended_at = NULL, prune_at = NULL WHERE id ="
      sql(`${retry} '${swept}'`)
      for (let i = 0; i < 2; i++) expect(await store.sweep(1)).toMatchObject({ pruned: 0, repaired: [] })
      expect(await failedNow(store)).toBe(3)
      sql(`UPDATE runs SET state = 'blocked' WHERE id = '${swept}'`)
      sql(`${retry} '${claimed}'; INSERT OR IGNORE INTO classes VALUES ('job', 1, 'default')`)
      expect(await worker.claimOne()).toMatchObject({ id: claimed })
      expect(await failedNow(store)).toBe(2)
      expect(await store.run(claimed ?? '')).not.toHaveProperty('fingerprint')
      sql(`DELETE FROM runs WHERE id = '${deleted}'`)
      expect(await failedNow(store)).toBe(1)
    })
    expect(rows('failed_by')).toBe(1)
  })

  test('of the previous version marks waiters that hold slots, both existing and new ones', async () => {
    const key = (name: string, wholeRun = false) => use(one, { key: name, wholeRun })
    const [first, second] = [newRun({ limits: [key('a', true)] }), newRun({ limits: [key('b', true)] })]
    const limiters = [{ name: one.name, rule: one.rule }]
    const suspendFor = async (worker: TestWorker, run: ClaimedRun | undefined, name: string) => {
      if (run === undefined) expect.unreachable('a run to suspend')
      await acquire(worker, run, 'call', [key(name)])
      await worker.settle(run, { kind: 'waiting', waits: [{ kind: 'limit', path: 'call' }] })
    }
    await using(async (store) => {
      const worker = await TestWorker.register(store, { limiters })
      await store.enqueue([first, second])
      const [one, two] = await worker.claim()
      await suspendFor(worker, one, 'b')
      sql('DROP TRIGGER keeper_joins; DROP TRIGGER keeper_leaves; DROP TABLE limit_keepers')
      await using(async (newer) => {
        expect(await newer.waitGraph({})).toMatchObject({ runs: [{ id: first.id }] })
        // The version before knows nothing of them, and its writes mark them all the same.
        await suspendFor(worker, two, 'a')
        expect(rows('limit_keepers')).toBe(2)
        await store.cancel(first.id, byHand())
        expect(rows('limit_keepers')).toBe(0)
      })
    })
  })

  test('whose lease the previous version ends keeps no reports of that lease', async () => {
    await using(async (store) => {
      const worker = await TestWorker.register(store)
      await worker.renew({ openSteps: { n: 1, agoMs: 0, steps: [] }, report: { n: 1, agoMs: 0 } })
      expect([rows('open_steps'), rows('worker_reports')]).toEqual([1, 1])
      sql('DELETE FROM workers')
      expect([rows('open_steps'), rows('worker_reports')]).toEqual([0, 0])
    })
  })

  test('shows the previous version newer code for a run that needs protection, whatever that version does', async () => {
    await using(async (store) => {
      const worker = await TestWorker.register(store)
      await store.enqueue([newRun({ protect: true, start: { kind: 'in', ms: 60_000 } })])
      // It promotes the run, and registers its class as in the run's row.
      sql(`UPDATE runs SET state = 'ready', wake_at = NULL, due_at = NULL;
           INSERT INTO classes SELECT job, version, queue FROM runs`)
      expect(rows('classes')).toBe(1)
      expect(rows('classes WHERE version <= 1')).toBe(0)
      expect(await worker.claimAs('none')).toMatchObject({ runs: [], protectedLeft: 1 })
      expect((await worker.claimAs('takes')).runs).toMatchObject([{ protect: true, version: 1 }])
    })
  })

  test('with a worker of the previous version has a worker that claims no protected runs', async () => {
    await using(async (store) => {
      const worker = await TestWorker.register(store, { limiters: [{ name: one.name, rule: one.rule }] })
      await worker.claimAs('takes')
      // It never writes the claim data of such runs.
      sql('UPDATE workers SET protection = NULL')
      const [first, other] = [newRun({ limits: [use(one)], protect: true }), newRun({ limits: [use(one)] })]
      await store.enqueue([first, other])
      // The key is not retained for the first one.
      expect(await store.run(other.id)).toMatchObject({ state: 'ready' })
    })
  })

  test('drains the workers that have it open when a newer version upgrades it', async () => {
    await using(async (store) => {
      await store.enqueue([newRun()])
      const worker = await TestWorker.register(store)
      const run = await worker.claimOne()
      expect(await worker.renew()).toMatchObject({ kind: 'held', orders: { drain: false } })
      sql('CREATE TABLE later (id INTEGER); PRAGMA user_version = 99')
      expect(await worker.renew()).toMatchObject({ kind: 'held', orders: { drain: true } })
      expect(await worker.settle(run, completed)).toEqual({ kind: 'settled', state: 'completed' })
    })
  })

  test('holds a bounded number of minutes, even without a sweep', async () => {
    // A clock that ran far ahead and was corrected leaves nothing behind either.
    let now = Date.UTC(2027, 0, 1)
    const store = await openStore(parseStoreConfig(`sqlite:${path}`), { storeNow: () => now })
    const enqueueFor = async (minutes: number): Promise<void> => {
      for (let i = 0; i < minutes; i++, now += 60_000) {
        await store.enqueue(['a', 'b'].map((queue) => newRun({ queue })))
      }
    }
    await enqueueFor(10)
    now = Date.UTC(2026, 0, 1)
    await enqueueFor(throughputMinutes + 50)
    expect(rows('throughput')).toBe(2 * throughputMinutes)
    expect(rows('backlogs')).toBe(throughputMinutes + 5)
    for (let i = 0; i < retainedHours + 10; i++, now += 3_600_000) await enqueueFor(1)
    // The hour that runs is in its minutes.
    expect(rows('hours')).toBe(2 * (retainedHours - 1))
    expect(rows('backlogs')).toBeLessThanOrEqual(5 + retainedHours)
    await store.close()
  })

  test('of the previous version keeps its minutes, which also count in the hours', async () => {
    let now = Date.UTC(2026, 0, 1, 12)
    const at = { storeNow: () => now, storeElapsed: () => now }
    const store = await openStore(parseStoreConfig(`sqlite:${path}`), at)
    for (let i = 0; i < 3; i++, now += 60_000) {
      const run = newRun()
      await store.enqueue([run])
      await store.cancel(run.id, byHand())
    }
    await store.close()
    const withoutTotal = "json_remove(body, '$.total', '$.inHour')"
    makeVersionBefore(path)
    sql(`UPDATE throughput SET body = ${withoutTotal}`)
    now += 10 * 60_000
    const newer = await openStore(parseStoreConfig(`sqlite:${path}`), at)
    while (!(await newer.recount()).done);
    for (const range of ['1h', '24h'] as const) {
      expect((await newer.statistics(range)).jobs).toMatchObject([{ enqueued: 3, total: { buckets: [] } }])
    }
    await newer.enqueue([newRun()])
    // The version before adds to a cell.
    sql(
      `UPDATE throughput SET body = json_set(body, '$.counts.enqueue', 5) WHERE minute = ${Date.UTC(2026, 0, 1, 12, 13)}`,
    )
    now += 60_000
    await newer.enqueue([newRun()])
    for (const range of ['1h', '24h'] as const) {
      const { jobs, coveredMs, backlogs } = await newer.statistics(range)
      expect([jobs[0]?.enqueued, coveredMs]).toEqual([9, 14 * 60_000])
      expect(backlogs).toEqual([{ queue: 'default', now: 2, before: 0, beforeAt: expect.any(Number) }])
    }
    await newer.close()
  })

  describe('whose clock moved while no process had it open', () => {
    const start = Date.UTC(2026, 0, 1)
    const waits = (lease: string, store: Store, n: number) =>
      store
        .claim(lease, n, { max: 1, protected: true, mayAsk: false }, [])
        .then((answer) => answer.kind === 'claimed' && answer.runs.length)

    /** Opens the file on a clock that shows `now`, and advances it with `advance`. */
    async function at<T>(
      now: number,
      work: (store: Store, advance: (ms: number) => void) => Promise<T>,
    ): Promise<T> {
      let elapsed = 0
      const deps = { storeNow: () => now + elapsed, storeElapsed: () => elapsed }
      const store = await openStore(parseStoreConfig(`sqlite:${path}`), deps)
      try {
        return await work(store, (ms) => {
          elapsed += ms
        })
      } finally {
        await store.close()
      }
    }

    async function enqueueDelayed(lastsMs: number): Promise<void> {
      await at(start, async (store) => {
        const worker = newWorker()
        await store.register(worker)
        await store.enqueue([newRun({ start: { kind: 'in', ms: lastsMs } })])
        await store.resign(worker.lease, [])
      })
    }

    test('ahead: the move looks the same as time that passed', async () => {
      await enqueueDelayed(3_600_000)
      await at(start + 3_600_000, async (store) => {
        const worker = newWorker()
        await store.register(worker)
        expect(await waits(worker.lease, store, 1)).toBe(1)
        expect((await store.checks()).find(({ name }) => name === 'clock jumps')).toMatchObject({
          found: 'none',
        })
      })
    })

    test('back: the store continues from the last time it saw', async () => {
      await enqueueDelayed(10_000)
      await at(start - 3_600_000, async (store, advance) => {
        const worker = newWorker()
        await store.register(worker)
        advance(9_999)
        expect(await waits(worker.lease, store, 1)).toBe(0)
        advance(1)
        expect(await waits(worker.lease, store, 2)).toBe(1)
      })
    })
  })

  test('of another program is refused and stays unchanged', async () => {
    sql('CREATE TABLE theirs (id INTEGER)')
    await expect(openStore(parseStoreConfig(`sqlite:${path}`))).rejects.toMatchObject({
      code: 'STORE_FORMAT',
      message: expect.stringContaining('another program'),
    })
    const after = new DatabaseSync(path)
    expect(after.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'theirs' }])
    after.close()
  })

  test('that is not a database is refused with what to do', async () => {
    writeFileSync(path, 'not a database, but long enough to be taken for one by its size'.repeat(40))
    await expect(openStore(parseStoreConfig(`sqlite:${path}`))).rejects.toMatchObject({
      code: 'STORE_FORMAT',
      message: expect.stringContaining('restore it from a backup'),
    })
  })

  test('that can’t be created is refused with what to do', async () => {
    writeFileSync(path, '')
    await expect(openStore(parseStoreConfig(`sqlite:${path}/inside/jobs.db`))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('check that its folder exists and can be written'),
    })
  })

  test('of an unknown scheme is refused', async () => {
    await expect(openStore(parseStoreConfig('postgres://localhost'))).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('sqlite:'),
    })
  })

  test('on a network file system is refused', () => {
    const nfs = 0x6969
    expect(() => refuseNetworkFileSystem(path, nfs)).toThrow(/NFS.*local disk/)
    expect(() => refuseNetworkFileSystem(path)).not.toThrow()
  })

  test('is refused while a worker on another host is alive in it', async () => {
    await using(async (store) => {
      await store.register(newWorker({ host: 'elsewhere' }))
      sql("UPDATE workers SET boot = 'another machine'")
      await expect(openStore(parseStoreConfig(`sqlite:${path}`))).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining("in use by a worker on host 'elsewhere'"),
      })
    })
  })

  test('has no lock or wake-up file beside it once its workers resigned', async () => {
    await using(async (store) => {
      const worker = newWorker()
      await store.register(worker)
      const stop = store.onWakeup(worker.lease, () => undefined)
      expect(readdirSync(`${path}-leases`)).not.toEqual([])
      stop()
      await store.resign(worker.lease, [])
    })
    expect(existsSync(`${path}-leases`) ? readdirSync(`${path}-leases`) : []).toEqual([])
  })

  test('that is deleted or replaced under a worker is reported missing at its next renewal', async () => {
    await using(async (store) => {
      const worker = newWorker()
      await store.register(worker)
      rmSync(path)
      await expect(store.renew(worker.lease, { draining: false })).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('was deleted or replaced'),
      })
    })
  })

  test('serves two connections that write at the same time', async () => {
    await using(async (one) => {
      await using(async (two) => {
        const batches = Array.from({ length: 40 }, (_, i) =>
          (i % 2 === 0 ? one : two).enqueue(Array.from({ length: 20 }, () => newRun())),
        )
        await Promise.all(batches)
        const page = await one.runs({ limit: 1_000 })
        expect(page.runs).toHaveLength(800)
      })
    })
  })
})
