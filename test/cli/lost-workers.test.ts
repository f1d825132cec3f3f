import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import type { LostWorker } from '../../sdk/index.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { CommandLine } from './command-line.ts'
import { loseInTask } from './lose-in-task.ts'

const cli = new CommandLine()
const run = newRun()
const scaleIn = { kind: 'scale-in', killedAfterMs: 30_000, text: 'Scaling activity' } as const
let store: Store

beforeAll(async () => {
  store = await openStore(parseStoreConfig(`sqlite:${join(cli.folder, '.durable-jobs/jobs.db')}`))
  await store.enqueue([run])
  await TestWorker.register(store, { leaseMs: 86_400_000 })
})
afterAll(async () => {
  await store?.close()
  await cli.dispose()
})

test('workers, show, explain and events report what ended the task of a lost worker', async () => {
  expect(await cli.ok('workers')).not.toContain('LOST WORKER')
  const victim = await loseInTask(store, '0af5b9f4')
  const lostTable = async (): Promise<readonly string[]> => {
    const lines = (await cli.ok('workers')).trimEnd().split('\n')
    return lines.slice(lines.findIndex((line) => line.startsWith('LOST WORKER')))
  }
  const [title = '', row = '', ...rest] = await lostTable()
  expect(title).toMatch(/^LOST WORKER +LOST +RUNS +ENDED BY +TASK$/)
  expect(row).toMatch(new RegExp(`^${victim.name} .* ago +1 +not known +0af5b9f4$`))
  expect(rest).toEqual([])
  expect(await cli.ok('explain', run.id)).not.toContain('is known')

  await store.explainLoss(victim.lease, scaleIn)
  expect((await lostTable())[1]).toContain(' stopped by scale-in, SIGKILL after 30 s ')
  const { lost } = await cli.json<{ lost: LostWorker[] }>('workers')
  expect(lost).toMatchObject([{ name: victim.name, runs: 1, seenBy: 'lease', death: scaleIn }])
  const words = "stopped by scale-in, SIGKILL after 30 s; the loss doesn't count"
  expect(await cli.ok('explain', run.id)).toContain(
    `The end of its worker ${victim.name} is explained: ${words}.`,
  )
  expect(await cli.ok('show', run.id)).toMatch(new RegExp(`explained .*${victim.name}.*${words}`))
  expect(await cli.ok('events', '--log', 'operations')).toContain(
    `lost worker ${victim.name}: stopped by scale-in, SIGKILL after 30 s; the loss of its 1 run doesn't count`,
  )
})
