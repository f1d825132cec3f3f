import { expect, test } from 'vitest'
import { CurrentRun } from '../../../runtime/execution/current-run.ts'
import { Macrotasks } from '../../../runtime/execution/macrotasks.ts'
import { StepScheduler } from '../../../runtime/execution/step-scheduler.ts'
import { stepTools } from '../../../runtime/execution/step-tools.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import type { ClaimedRun, EntryReply } from '../../../runtime/store/store.ts'
import { defineJob } from '../../../sdk/index.ts'
import { gate } from '../../support/fixture.ts'
import { LineLog } from '../../support/line-log.ts'
import { done } from '../../support/stores/store-inputs.ts'

/** A run whose step `work` an earlier execution has stored: no store call is in flight when its function continues. */
const run: ClaimedRun = {
  ...{ id: 'r1', job: 'watched', version: 1, queue: 'default', fence: 1, attempt: 1, losses: 1 },
  ...{ enqueuedAt: 0, tags: [], headers: {}, input: new Uint8Array(), position: 1, journalBytes: 0 },
  journal: { entries: [{ ...done('work'), position: 1, at: 0, remainingMs: 0 }], more: false },
}

/** The order of events when a body ends, or a step is called, so many microtasks before its function ends. */
async function endTogether(last: 'body' | 'call', microtasks: number): Promise<readonly string[]> {
  const happened: string[] = []
  const [work, reply] = [gate(), gate<EntryReply>()]
  const unused = (): never => expect.unreachable('the job has no limits and one page of journal')
  const job = defineJob({ name: 'watched' }, () => undefined)
  const execution = new StepScheduler(
    new CurrentRun(run, job, new LineLog()),
    { coverOnce: unused },
    {
      ...{ clock: systemClock, macrotasks: new Macrotasks(systemClock), stepHooks: [], maxValueBytes: 1_000 },
      readPage: unused,
      limitStore: { defineLimiters: unused, acquire: unused, closeKeys: unused, correctCost: unused },
      listener: { idle: () => undefined },
      outbox: {
        submit: async ({ record: { path } }) => {
          happened.push(`${path} sent`)
          const stored = await reply.opened
          happened.push(`${path} stored`)
          return stored
        },
      },
    },
  )
  const step = stepTools(execution)
  await execution.replay()
  execution.begin(async () => {
    const watch = (): Promise<void> => step.run('watch', () => work.opened)
    const begun = last === 'body' ? [watch()] : []
    await Promise.race([...begun, step.run('work', () => undefined)])
    work.open()
    if (last === 'call') void watch()
    for (let microtask = 0; microtask < microtasks; microtask++) await undefined
  }, undefined)
  await execution.nextEvent()
  execution.end()
  const ended = execution.isBusy ? execution.bodies.allEndInGrace() : Promise.resolve()
  const finished = ended.then(() => happened.push('finished'))
  // Long enough for an execution that does not wait for calls in flight or about to be sent.
  for (let macrotask = 0; macrotask < 3; macrotask++) await new Promise((resolve) => setImmediate(resolve))
  reply.open({ kind: 'stored' })
  await finished
  return happened
}

// A settlement that overtakes an entry is refused, and its run executed again.
test('a run is not settled before the end of a body that ended together with its function', async () => {
  for (let microtasks = 0; microtasks < 25; microtasks++) {
    const happened = await endTogether('body', microtasks)
    expect(happened, `${microtasks} microtasks`).toEqual(['watch sent', 'watch stored', 'finished'])
  }
})

test('nor before the end of a body that began together with it', async () => {
  for (let microtasks = 0; microtasks < 25; microtasks++) {
    const happened = await endTogether('call', microtasks)
    const all = happened.length === 1 ? [] : ['watch sent', 'watch stored']
    expect(happened, `${microtasks} microtasks`).toEqual([...all, 'finished'])
  }
})
