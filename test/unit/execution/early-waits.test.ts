import { expect, test } from 'vitest'
import { executeRun } from '../../../runtime/execution/execute-run.ts'
import { encodeValue } from '../../../runtime/model/codec.ts'
import type { EntryReply } from '../../../runtime/store/store.ts'
import { defineJob } from '../../../sdk/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { gate } from '../../support/fixture.ts'
import { loneExecution } from './lone-execution.ts'

test('E2: no entry follows the end of a wait until the store has accepted or refused it', async () => {
  const clock = new FakeClock()
  const work = gate()
  const job = defineJob({ name: 'nap' }, async ({ step }) => {
    await Promise.all([step.sleep('rest', '20s'), step.run('work', () => work.opened)])
  })
  const sent: string[] = []
  const replied = gate<EntryReply>()
  let ends = 0
  const execution = loneExecution(job, {
    clock,
    outbox: {
      submit: async (entry) => {
        if (entry.kind !== 'checkpoint') return expect.unreachable('nothing is settled alone')
        const { record, position } = entry
        sent.push(`${position} ${record.path} ${record.phase}`)
        const isFirstEnd = record.path === 'rest' && record.phase === 'done' && ++ends === 1
        return isFirstEnd ? replied.opened : { kind: 'stored' }
      },
      settle: async () => ({ kind: 'settled', state: 'completed' }),
    },
  })
  const outcome = executeRun(execution)
  await clock.advance(20_000)
  work.open()
  await clock.settle()
  expect(sent).toEqual(['1 rest waiting', '2 rest done'])

  replied.open({ kind: 'early', remainingMs: 10 })
  await clock.advance(10)
  expect(sent.slice(2)).toEqual(['2 work done', '3 rest done'])
  expect(await outcome).toBe('completed')
})

test('a run is not suspended while a stored result is on its way to the code', async () => {
  const clock = new FakeClock()
  let endQuietTime = (): void => undefined
  const { after } = clock
  clock.after = (ms, run) => {
    if (ms === 1_000) endQuietTime = run
    return after.call(clock, ms, run)
  }
  const event = gate()
  const job = defineJob({ name: 'nap' }, async ({ step }) => {
    const goOn = async (): Promise<void> => {
      await event.opened
      await step.run('stored', () => 1)
      await step.run('next', () => 2)
    }
    await Promise.all([step.sleep('long', '1h'), goOn()])
  })
  const base = { attempt: 1, durationMs: 0, at: 0 } as const
  const sent: string[] = []
  const execution = loneExecution(job, {
    clock,
    entries: [
      {
        ...base,
        position: 1,
        path: 'long',
        kind: 'sleep',
        phase: 'waiting',
        pauseMs: 3_600_000,
        remainingMs: 3_600_000,
      },
      {
        ...base,
        position: 2,
        path: 'stored',
        kind: 'run',
        phase: 'done',
        remainingMs: 0,
        value: encodeValue(1, 'result'),
      },
    ],
    outbox: {
      submit: async (entry) => {
        if (entry.kind === 'checkpoint') sent.push(`${entry.record.path} ${entry.record.phase}`)
        return { kind: 'stored' }
      },
      settle: async ({ outcome }) => {
        sent.push(outcome.kind)
        return { kind: 'settled', state: 'waiting' }
      },
    },
  })
  const outcome = executeRun(execution)
  await clock.settle()
  event.open()
  // The code has called its step by then; its stored result arrives in a later macrotask (R1).
  await new Promise<void>((resolve) => process.nextTick(resolve))
  endQuietTime()
  await clock.advance(1_500)
  expect(sent).toEqual(['next done', 'waiting'])
  expect(await outcome).toBe('waiting')
})
