import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { refuseNetworkFileSystem } from '../../runtime/store/embedded/host.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { newRun, newWorker } from './given.ts'

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

  test('is made with its folders, and holds what was stored after it was closed', async () => {
    path = join(folder, 'deep/er/jobs.db')
    const run = newRun()
    await using(async (store) => void (await store.enqueue([run])))
    await using(async (store) => expect(await store.run(run.id)).toMatchObject({ state: 'ready' }))
  })

  test('of a newer version is refused and left as it is', async () => {
    await using(async () => undefined)
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    await expect(openStore(parseStoreConfig(`sqlite:${path}`))).rejects.toMatchObject({
      code: 'STORE_FORMAT',
      message: expect.stringMatching(/format 99.*upgrade/),
    })
  })

  test('of another program is refused and left as it is', async () => {
    const database = new DatabaseSync(path)
    database.exec('CREATE TABLE theirs (id INTEGER)')
    database.close()
    await expect(openStore(parseStoreConfig(`sqlite:${path}`))).rejects.toMatchObject({
      code: 'STORE_FORMAT',
      message: expect.stringContaining('another program'),
    })
    const after = new DatabaseSync(path)
    expect(after.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'theirs' }])
    after.close()
  })

  test('that is no database is refused with what to do', async () => {
    writeFileSync(path, 'not a database, but long enough to be taken for one by its size'.repeat(40))
    await expect(openStore(parseStoreConfig(`sqlite:${path}`))).rejects.toMatchObject({
      code: 'STORE_FORMAT',
      message: expect.stringContaining('restore it from a backup'),
    })
  })

  test('that can’t be made is refused with what to do', async () => {
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

  test('is refused while a worker of another host is alive in it', async () => {
    await using(async (store) => {
      await store.register(newWorker({ host: 'elsewhere' }))
      const database = new DatabaseSync(path)
      database.exec("UPDATE workers SET boot = 'another machine'")
      database.close()
      await expect(openStore(parseStoreConfig(`sqlite:${path}`))).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining("in use by a worker on host 'elsewhere'"),
      })
    })
  })

  test('leaves no lock or wake-up file behind when its workers resigned', async () => {
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

  test('that is deleted or replaced under a worker is missed at its next renewal', async () => {
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
