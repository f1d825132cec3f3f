import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { retainedOperations, retainedTransitions } from '../../runtime/store/events.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { byHand, newRun } from '../support/stores/store-inputs.ts'
import { expectExactGaps } from './log-bounds.ts'
import { numberIn, readAllEvents, readOperations, readRunEvents } from './read-events.ts'

describe('the logs of the embedded store', () => {
  let folder = ''
  let path = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'durable-jobs-events-'))
    path = join(folder, 'jobs.db')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  async function using(work: (store: Store) => Promise<void>): Promise<void> {
    const store = await openStore(parseStoreConfig(`sqlite:${path}`))
    try {
      await work(store)
    } finally {
      await store.close()
    }
  }

  /** Changes the file as no store of this version does. */
  function sql(text: string): void {
    const database = new DatabaseSync(path)
    database.exec(text)
    database.close()
  }

  function number(text: string): number {
    const database = new DatabaseSync(path)
    const found = Object.values(database.prepare(text).get() ?? {})[0]
    database.close()
    return Number(found)
  }

  test('report exactly the gaps of the events they dropped', () =>
    using((store) =>
      expectExactGaps(store, {
        dropTransitions: async (to) => sql(`DELETE FROM events WHERE last <= ${to}`),
        dropOperations: async (to) => sql(`DELETE FROM operations WHERE number <= ${to}`),
      }),
    ))

  test('retain the configured number of transitions, and drop a bounded number at a time', async () => {
    const kept = retainedTransitions.count
    await using(async (store) => {
      await store.enqueue([newRun()])
      // One event per row, as slow runs make them.
      sql(`INSERT INTO events SELECT value, ${Date.now()}, '[["job","q","wake","ready","x"]]'
           FROM (WITH RECURSIVE n (value) AS (SELECT 2 UNION ALL SELECT value + 1 FROM n WHERE value < ${kept + 2_000})
                 SELECT value FROM n)`)
      await store.enqueue(Array.from({ length: 100 }, () => newRun()))
      expect(number('SELECT count(*) FROM events')).toBe(kept + 2_000 + 1 - 501)
      for (let i = 0; i < 5; i++) await store.enqueue(Array.from({ length: 100 }, () => newRun()))
      expect(number('SELECT max(last) - min(last) FROM events')).toBeLessThanOrEqual(kept)
      expect(number('SELECT max(last) - min(last) FROM events')).toBeGreaterThan(kept - 200)
    })
  })

  test('retain the configured number of operations', async () => {
    const kept = retainedOperations.count
    await using(async (store) => {
      await store.pauseQueue('first', byHand())
      sql(`INSERT INTO operations SELECT value, ${Date.now()}, value, value - 1, 0, '{"operation":"pause queue"}'
           FROM (WITH RECURSIVE n (value) AS (SELECT 2 UNION ALL SELECT value + 1 FROM n WHERE value < ${kept + 10})
                 SELECT value FROM n);
           UPDATE events SET last = ${kept + 10}`)
      await store.pauseQueue('last', byHand())
      expect(number('SELECT count(*) FROM operations')).toBe(kept)
      await store.pauseQueue('last', byHand())
      expect(number('SELECT count(*) FROM operations')).toBe(kept)
      expect(number('SELECT max(number) FROM operations')).toBe(kept + 12)
    })
  })

  test('hold one row in place of operations, however many there are', () =>
    using(async (store) => {
      for (let i = 0; i < 5; i++) {
        await store.pauseQueue('q', byHand())
        if (i % 2 === 0) await store.enqueue([newRun()])
      }
      expect(number("SELECT count(*) FROM events WHERE groups = '[]'")).toBe(1)
    }))

  test('of the previous version are read on, and both versions number them on', async () => {
    await using(async (store) => {
      await store.enqueue([newRun({ id: 'older' })])
    })
    sql("DROP TABLE operations; DELETE FROM settings WHERE name = 'epoch'")
    await using(async (store) => {
      const { cursor } = await store.events({ limit: 1 })
      await store.pauseQueue('q', byHand())
      // The previous version writes only the events.
      sql(
        `INSERT INTO events SELECT max(last) + 2, ${Date.now()}, '[["job","q","enqueue","ready","x","y"]]' FROM events`,
      )
      await store.pauseQueue('q', byHand())
      const { events, gap } = await readAllEvents(store, { after: cursor })
      expect(gap).toBe(false)
      expect(events.map((event) => numberIn(event.cursor))).toEqual([2, 3, 4, 5])
      expect((await readRunEvents(store)).map(({ run }) => run)).toEqual(['older', 'x', 'y'])
      expect(await readOperations(store)).toHaveLength(2)
    })
  })

  test('have a new epoch in a recreated file, and the same one in a copy', async () => {
    const cursors: string[] = []
    for (let i = 0; i < 2; i++) {
      await using(async (store) => {
        await store.enqueue([newRun(), newRun()])
        cursors.push((await store.events({ limit: 1 })).cursor)
        expect((await store.events({ after: cursors[0] ?? '', limit: 1 })).gap).toBe(
          i === 0 ? undefined : true,
        )
      })
      await using(async (store) => expect((await store.events({ limit: 1 })).cursor).toBe(cursors[i]))
      rmSync(path)
      for (const file of ['-wal', '-shm']) rmSync(path + file, { force: true })
    }
    expect(cursors[0]).not.toBe(cursors[1])
  })
})
