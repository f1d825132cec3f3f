import { expect, test } from 'vitest'
import { executeRun } from '../../../runtime/execution/execute-run.ts'
import { Execution } from '../../../runtime/execution/execution.ts'
import { Macrotasks } from '../../../runtime/execution/macrotasks.ts'
import { encodeValue } from '../../../runtime/model/codec.ts'
import type { ClaimedRun } from '../../../runtime/store/store.ts'
import { defineJob } from '../../../sdk/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { LineLog } from '../../support/line-log.ts'

const run: ClaimedRun = {
  ...{ id: 'r1', job: 'nap', version: 1, queue: 'default', fence: 1, attempt: 1, losses: 0, enqueuedAt: 0 },
  ...{ tags: [], headers: {}, input: encodeValue(undefined, 'input'), position: 0, journalBytes: 0 },
  journal: { entries: [], more: false },
}

test("R5: a deadline that is over by the store's clock ends the sleep, whatever the worker's clock says", async () => {
  const clock = new FakeClock()
  const unused = (): never => expect.unreachable('the job has no limits and one page of journal')
  const sent: string[] = []
  const nap = defineJob({ name: 'nap' }, async ({ step }) => {
    await Promise.all([step.sleep('rest', '20s'), step.sleep('long', '1h')])
  })
  const input = { run, job: nap, digest: 'd', cover: { coverOnce: unused } }
  const execution = new Execution(input, {
    ...{ clock, macrotasks: new Macrotasks(clock), stepHooks: [], runHooks: [], maxValueBytes: 1_000 },
    log: new LineLog(),
    readPage: unused,
    limitStore: { defineLimiters: unused, acquire: unused, closeKeys: unused, correctCost: unused },
    listener: { idle: () => undefined },
    outbox: {
      submit: async (entry) => {
        if (entry.kind === 'checkpoint') sent.push(`${entry.record.path} ${entry.record.phase}`)
        return { kind: 'stored' }
      },
      settle: async ({ outcome }) => {
        sent.push(outcome.kind)
        const isFirst = sent.filter((kind) => kind === 'waiting').length === 1
        return outcome.kind === 'waiting' && isFirst
          ? { kind: 'continue' }
          : { kind: 'settled', state: 'waiting' }
      },
    },
  })
  const outcome = executeRun(execution)
  // A quiet second, the store's reply, and another quiet second.
  await clock.advance(3_000)
  expect(await outcome).toBe('waiting')
  expect(sent).toEqual(['rest waiting', 'long waiting', 'waiting', 'rest done', 'waiting'])
})
