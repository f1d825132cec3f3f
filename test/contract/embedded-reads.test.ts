import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { formatVersion } from '../../runtime/store/embedded/schema.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { connect } from '../../sdk/index.ts'
import { everyRead, type Known, populate } from '../support/stores/every-call.ts'
import { makeFormat1, makeVersionBefore } from '../support/stores/older-file.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

const script = fileURLToPath(new URL('./read-as-nobody.ts', import.meta.url))

describe('reading the file of an embedded store', () => {
  let folder = ''
  let path = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'durable-jobs-reads-'))
    path = join(folder, 'jobs.db')
  })
  afterEach(() => {
    chmodSync(folder, 0o700)
    rmSync(folder, { recursive: true, force: true })
  })

  /** A file that holds something of everything, closed again. */
  async function populated(): Promise<Known> {
    const store = await openStore(parseStoreConfig(`sqlite:${path}`))
    const known = await populate(store)
    await store.close()
    return known
  }

  /** Opens it as `connect` does. */
  async function reader(of: string = path): Promise<Store> {
    const store = await openStore(parseStoreConfig(`sqlite:${of}`), { prepare: 'at first write' })
    onTestFinished(() => store.close())
    return store
  }

  async function readAll(known: Known): Promise<Record<string, unknown>> {
    const store = await reader()
    const found: Record<string, unknown> = {}
    for (const [name, read] of Object.entries(everyRead)) {
      found[name] = await Promise.resolve(read(store, known)).catch((cause: unknown) => {
        throw new Error(`${name} fails`, { cause })
      })
    }
    await store.close()
    return found
  }

  /** Every file of the folder with a digest of its bytes. */
  function files(): Record<string, string> {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()
    const digest = (name: string): string =>
      createHash('sha1')
        .update(readFileSync(join(folder, name)))
        .digest('hex')
    return Object.fromEntries(names.map((name) => [name, name.endsWith('-leases') ? '' : digest(name)]))
  }

  test('leaves a file that no process has open unchanged, and creates none beside it', async () => {
    const known = await populated()
    const before = files()
    const { runs, checks } = await readAll(known)
    expect(JSON.stringify(runs)).toContain(known.held)
    expect(checks).toContainEqual({ name: 'journal mode', verdict: 'fine', found: 'write-ahead log' })
    expect(files()).toEqual(before)
  })

  test('leaves the file and the log of a killed writer unchanged', async () => {
    const store = await openStore(parseStoreConfig(`sqlite:${path}`))
    const known = await populate(store)
    const copy = mkdtempSync(join(folder, 'killed-'))
    for (const end of ['', '-wal', '-shm']) cpSync(`${path}${end}`, join(copy, `jobs.db${end}`))
    await store.close()
    path = join(copy, 'jobs.db')
    const before = [readFileSync(path), readFileSync(`${path}-wal`)]
    const { run } = await readAll(known)
    expect(run).toMatchObject({ id: known.held })
    expect([readFileSync(path), readFileSync(`${path}-wal`)]).toEqual(before)
  })

  for (const [title, makeOlder] of [
    ['the previous version', makeVersionBefore],
    ['format 1', makeFormat1],
  ] as const) {
    test(`reads a file of ${title} with its content and leaves it unchanged; a write upgrades it`, async () => {
      const known = await populated()
      makeOlder(path)
      const before = files()
      const { run, checks } = await readAll(known)
      expect(run).toMatchObject({ id: known.held, state: 'running', position: 1 })
      expect(run).not.toHaveProperty('step')
      const format = title === 'format 1' ? 'warning' : 'fine'
      expect(checks).toContainEqual(expect.objectContaining({ name: 'format', verdict: format }))
      expect(files()).toEqual(before)

      const store = await reader()
      expect(await store.queues()).not.toEqual([])
      await store.enqueue([newRun({ id: 'after' })])
      expect(await store.run('after')).toMatchObject({ state: 'ready' })
      expect((await store.checks()).find(({ name }) => name === 'format')?.found).toBe(
        `version ${formatVersion}`,
      )
    })
  }

  test('of the previous version computes what follows from other tables', async () => {
    const known = await populated()
    const { waitGraph: expected } = await readAll(known)
    makeVersionBefore(path)
    const { waitGraph } = await readAll(known)
    expect(expected).toMatchObject([{ runs: [expect.anything(), expect.anything()] }, {}])
    expect(waitGraph).toEqual(expected)
  })

  test('sees the writes of others, whether they opened the file before, later, or upgrade it', async () => {
    await populated()
    makeVersionBefore(path)
    const store = await reader()
    expect(await store.run('later')).toBeUndefined()
    for (const id of ['later', 'last']) {
      const writer = await openStore(parseStoreConfig(`sqlite:${path}`))
      await writer.enqueue([newRun({ id, start: { kind: 'at', at: 4_000_000_000_000 } })])
      expect(await store.run(id)).toMatchObject({ state: 'scheduled', dueAt: 4_000_000_000_000 })
      await writer.close()
      expect(await store.run(id)).toMatchObject({ state: 'scheduled' })
    }
  })

  test('of the previous version sees what a newer one adds while others have the file open', async () => {
    await populated()
    makeVersionBefore(path)
    // Holds the log, so that it remains open in this connection.
    const older = new DatabaseSync(path)
    older.prepare('SELECT count(*) FROM runs').get()
    const store = await reader()
    expect(await store.run('later')).toBeUndefined()
    const writer = await openStore(parseStoreConfig(`sqlite:${path}`))
    const worker = await TestWorker.register(writer)
    await writer.enqueue([newRun({ id: 'later', priority: 9 })])
    const { id, fence } = await worker.claimOne()
    await worker.renew({
      openSteps: { n: 1, agoMs: 0, steps: [{ run: id, fence, path: 'a', openMs: 2_000 }] },
    })
    expect(await store.run('later')).toMatchObject({ state: 'running', step: { path: 'a' } })
    await writer.close()
    older.close()
  })

  test('is notified when others have written', async () => {
    await populated()
    const store = await reader()
    const changed = new Promise<void>((resolve) => store.onChange(resolve))
    const writer = await openStore(parseStoreConfig(`sqlite:${path}`))
    await writer.enqueue([newRun()])
    await changed
    await writer.close()
  })

  test('of a missing store says so and creates nothing: the first write does', async () => {
    path = join(folder, 'deep/er/jobs.db')
    await using jobs = await connect(`sqlite:${path}`)
    const missing = {
      code: 'STORE_UNAVAILABLE',
      kind: 'missing',
      message: expect.stringContaining('start a worker'),
    }
    for (const read of [
      jobs.inspector.queues(),
      jobs.explain('a'),
      jobs.run('a').result(),
      jobs.run('a').steps(),
    ])
      await expect(read).rejects.toMatchObject(missing)
    expect(readdirSync(folder)).toEqual([])
    await jobs.pauseQueue('mails')
    expect(await jobs.inspector.queues()).toMatchObject([{ name: 'mails' }])
  })

  test('that was only touched, or may never be created, says that there is no store', async () => {
    new DatabaseSync(path).close()
    const missing = { code: 'STORE_UNAVAILABLE', kind: 'missing' }
    await expect((await reader()).queues()).rejects.toMatchObject(missing)
    const deps = { prepare: 'at first write', create: false } as const
    await expect(openStore(parseStoreConfig(`sqlite:${path}`), deps)).rejects.toMatchObject(missing)
    expect(files()).toMatchObject({ 'jobs.db': createHash('sha1').digest('hex') })
  })

  describe('by a user without write permission', () => {
    /** Ids of the runs that such a user sees. */
    function readAsNobody(): string[] {
      const env = { PATH: process.env.PATH ?? '', NODE_NO_WARNINGS: '1' }
      const options = { encoding: 'utf8', env } as const
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, `sqlite:${path}`], options)
      expect([status, stderr]).toEqual([0, ''])
      return stdout.trim().split(' ')
    }

    test('works in a read-only folder', async () => {
      const { held } = await populated()
      chmodSync(path, 0o444)
      chmodSync(folder, 0o555)
      const before = files()
      expect(readAsNobody()).toContain(held)
      expect(files()).toEqual(before)
    })

    test('works while a worker of another user writes', async () => {
      const store = await openStore(parseStoreConfig(`sqlite:${path}`))
      const { held } = await populate(store)
      chmodSync(folder, 0o555)
      expect(readAsNobody()).toContain(held)
      chmodSync(folder, 0o700)
      await store.close()
      expect(existsSync(`${path}-wal`)).toBe(false)
    })
  })
})
