import { expect, test } from 'vitest'
import { executeRun } from '../../../runtime/execution/execute-run.ts'
import { defineJob } from '../../../sdk/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { loneExecution } from './lone-execution.ts'

test("R5: a deadline that has passed by the store's clock ends the sleep, whatever the worker's clock says", async () => {
  const clock = new FakeClock()
  const sent: string[] = []
  const nap = defineJob({ name: 'nap' }, async ({ step }) => {
    await Promise.all([step.sleep('rest', '20s'), step.sleep('long', '1h')])
  })
  const execution = loneExecution(nap, {
    clock,
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
