import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { parseWorkerOptions } from '../../runtime/worker/worker-options.ts'
import { defineJob } from '../../sdk/index.ts'

const job = defineJob({ name: 'job' }, () => 1)

describe('the path of a sqlite: address', () => {
  test.each([
    ['sqlite:jobs.db', 'jobs.db'],
    ['sqlite:./a/../jobs.db', 'jobs.db'],
    ['sqlite:my jobs?.db', 'my jobs?.db'],
    ['sqlite:C#1:memory:x.db', 'C#1:memory:x.db'],
  ])('%s becomes absolute', (url, path) => {
    const absolute = `sqlite:${join(process.cwd(), path)}`
    expect(parseStoreConfig(url).url).toBe(absolute)
    expect(parseStoreConfig({ url }).url).toBe(absolute)
    expect(parseStoreConfig(undefined, { DURABLE_JOBS_STORE: url }).url).toBe(absolute)
    expect(parseWorkerOptions({ jobs: [job], store: url }).store.url).toBe(absolute)
  })

  test('is that of the default address, and of an absolute one', () => {
    expect(parseStoreConfig(undefined, {}).url).toBe(`sqlite:${join(process.cwd(), '.durable-jobs/jobs.db')}`)
    expect(parseStoreConfig('sqlite:/data/jobs.db').url).toBe('sqlite:/data/jobs.db')
  })

  test('leaves other addresses unchanged', () => {
    for (const url of ['redis://localhost:6379/0?namespace=a', 'mysql:jobs', 'jobs.db']) {
      expect(parseStoreConfig(url).url).toBe(url)
    }
  })

  test.each([
    'sqlite::memory:',
    'sqlite::MEMORY:',
    'sqlite:file::memory:',
    'sqlite:file::memory:?cache=shared',
    'sqlite:file:jobs?mode=memory&cache=shared',
    'sqlite:jobs.db?cache=shared&mode=memory',
    'sqlite://:memory:',
    'sqlite:///:memory:',
    'sqlite:./:memory:',
  ])('%s is refused as a database in memory', (url) => {
    expect(() => parseStoreConfig(url)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(/^store: '.*' is a database in memory, .* name a file, .*'sqlite:\//),
      }),
    )
  })

  test.each([
    ['sqlite:', /names no file; write 'sqlite:PATH'/],
    ['sqlite:  ', /names no file/],
    ['sqlite:file:jobs.db', /is a URI inside an address; write the path alone/],
    ['sqlite:jobs\0.db', /has a zero byte/],
  ])('%j is refused', (url, message) => {
    expect(() => parseStoreConfig(url)).toThrow(message)
    expect(() => parseStoreConfig(url)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
  })

  describe('in a folder of its own', () => {
    const start = process.cwd()
    let folder = ''
    beforeAll(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'durable-jobs-unit-')))
      mkdirSync(join(folder, 'gone'))
    })
    afterAll(() => {
      process.chdir(start)
      rmSync(folder, { recursive: true })
    })

    test('stays in the current folder at the time of parsing', () => {
      process.chdir(folder)
      const { url } = parseStoreConfig('sqlite:jobs.db')
      process.chdir(start)
      expect(url).toBe(`sqlite:${folder}/jobs.db`)
      // Parsed again, as the lease thread's side of the same address, it is the same.
      expect(parseStoreConfig(url).url).toBe(url)
    })

    test('is refused by name if the folder is gone', () => {
      process.chdir(join(folder, 'gone'))
      rmSync(join(folder, 'gone'), { recursive: true })
      expect(() => parseStoreConfig('sqlite:jobs.db')).toThrow(/current folder, which is gone/)
      process.chdir(start)
    })
  })
})
