import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { connect, defineJob, type Jobs } from '../../sdk/index.ts'
import { newFleetStore, storeKinds } from '../support/fleet/store-kinds.ts'
import { BundledWorker, bundleWorker } from './bundled-worker.ts'

const leaseMs = 2_000
const block = defineJob({ name: 'block', input: z.string() }, () => new Date(0))

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-bundled-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

describe.each(storeKinds)('%s', (kind) => {
  test.each(['esm', 'cjs'] as const)(
    'a worker bundled into one %s file renews its lease while a step blocks, and replies to /live',
    async (format) => {
      const folder = ownFolder()
      const { options } = await newFleetStore(kind, folder)
      const jobs = await connect(options)
      onTestFinished(() => jobs.close())
      const file = await bundleWorker(format, folder)
      const workers = ['first', 'second'].map(
        (name) => new BundledWorker(file, [JSON.stringify(options), name]),
      )
      await Promise.all(workers.map((worker) => worker.said('worker started')))
      const ports = await Promise.all(
        workers.map((worker) => worker.said('health endpoints /live and /ready listen ')),
      )

      const release = join(folder, 'release')
      const handle = await jobs.enqueue(block, release)
      const name = await Promise.race(
        workers.map(async (worker, i) => {
          await worker.said('blocking')
          return i === 0 ? 'first' : 'second'
        }),
      )
      await outlivesLease(jobs, name)
      const live = await fetch(`http://127.0.0.1:${ports[name === 'first' ? 0 : 1]}/live`)
      expect(live.status).toBe(200)
      writeFileSync(release, '')

      expect(await handle.result({ timeout: '2m' })).toEqual(new Date(5))
      expect(await handle.status()).toMatchObject({ attempt: 1, losses: 0 })
      expect(workers.map((worker) => worker.count('blocking')).toSorted()).toEqual([0, 1])
      for (const worker of workers) worker.process.kill('SIGTERM')
      expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual([0, 0])
      expect(workers.map(({ stderr }) => stderr)).toEqual(['', ''])
    },
  )
})

test('a bundled worker that can’t start threads reports it, exits with 1 and leaves the store empty', async () => {
  const folder = ownFolder()
  const { options } = await newFleetStore('embedded', folder)
  const jobs = await connect(options)
  onTestFinished(() => jobs.close())
  const rights = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*']
  const worker = new BundledWorker(
    await bundleWorker('esm', folder),
    [JSON.stringify(options), 'only'],
    rights,
  )

  expect(await worker.exited).toBe(1)
  expect(worker.stderr).toMatch(/the worker could not start .*"code":"LEASE_THREAD".*--allow-worker/)
  expect(await jobs.inspector.workers()).toEqual([])
})

test('a bundle without the dependencies of the Redis store reports it and exits with 1', async () => {
  const store = { url: 'redis://127.0.0.1:1' }
  const worker = new BundledWorker(await bundleWorker('esm', ownFolder(), ''), [
    JSON.stringify(store),
    'only',
  ])

  expect(await worker.exited).toBe(1)
  expect(worker.stderr).toMatch(/the worker could not start .*Dynamic require .*"code":"STORE_CODE"/)
})

/** Resolves when the worker has renewed for longer than one lease. */
async function outlivesLease(jobs: Jobs, name: string): Promise<void> {
  const renewedAt = async (): Promise<number> => {
    const worker = (await jobs.inspector.workers()).find((one) => one.name === name)
    return performance.now() - (worker?.seenAgoMs ?? Number.NaN)
  }
  const begun = await renewedAt()
  const lasted = async (): Promise<number> => (await renewedAt()) - begun
  await expect.poll(lasted).toBeGreaterThan(leaseMs)
}
