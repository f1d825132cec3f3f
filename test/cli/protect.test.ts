import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { CommandLine, jobFile } from './command-line.ts'

const cli = new CommandLine()
const run = newRun({ id: `charge-${randomUUID()}`, protect: true })
let store: Store
let worker: TestWorker

beforeAll(async () => {
  store = await openStore(parseStoreConfig(`sqlite:${join(cli.folder, '.durable-jobs/jobs.db')}`))
  worker = await TestWorker.register(store, { leaseMs: 86_400_000 })
  await store.enqueue([run])
  await worker.claimAs('may ask')
})
afterAll(async () => {
  await store?.close()
  await cli.dispose()
})

test('a run that waits for a worker with scale-in protection reports it', async () => {
  const waits = /waits for a worker with scale-in protection/
  expect(await cli.ok('explain', run.id)).toMatch(
    /It waits for a worker with scale-in protection; 1 worker that could take it may ask for protection\./,
  )
  expect(await cli.ok('runs')).toMatch(waits)
  expect(await cli.ok('show', run.id)).toMatch(
    /^protect +needs scale-in protection; a worker without protection configured takes it too$/m,
  )
  expect(await cli.ok('show', run.id)).toMatch(/^job +job, version 1$/m)
  expect(await cli.json('show', run.id)).toMatchObject({ run: { protect: true, version: 1 } })
  expect(await cli.json('runs')).toMatchObject({ runs: [{ id: run.id, protect: true }] })
  expect(await cli.json('workers')).toMatchObject({
    workers: [{ name: worker.name, protectedRuns: 'may ask' }],
  })
})

test('a worker that requires protection does not start outside ECS', async () => {
  const { code, stdout } = await cli.run(['work', jobFile, '--protect', 'required'])
  expect(code).toBe(1)
  expect(stdout).toMatch(/"code":"PROTECTION_UNAVAILABLE".*"msg":"the worker could not start"/)
})
