import { expect } from 'vitest'
import type { WorkerReport } from '../../../runtime/store/worker-report.ts'
import { reportedTask, taskIdentity } from '../../support/stores/reported-task.ts'
import { newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { contractTest } from '../contract-test.ts'

function report(n: number, over: Partial<WorkerReport> = {}): WorkerReport {
  return { n, agoMs: 0, task: reportedTask, ...over }
}

export function workerReportContract(open: Open): void {
  contractTest(open, 'a worker shows the task that it registered with', async (contract) => {
    const { store, worker, now, advance } = contract
    const begun = now()
    await worker({ report: report(1, { agoMs: 500 }) })
    advance(1)
    await worker()
    advance(2_000)
    const [first, second] = await store.workers()
    expect(first?.task).toEqual({ ...taskIdentity, process: 'a1b2c3', startedAt: begun - 5_500 })
    expect(second).not.toHaveProperty('task')
    const { workers } = await store.overview({ range: '5m' })
    expect(workers.map((one) => one.task)).toEqual([first?.task, undefined])
  })

  contractTest(open, 'a task that becomes known later arrives with a renewal', async (contract) => {
    const { store, worker, advance } = contract
    const first = await worker()
    expect((await store.workers())[0]).not.toHaveProperty('task')
    await first.renew({ report: report(1) })
    advance(3_000)
    await first.renew()
    expect(await store.workers()).toMatchObject([{ task: taskIdentity }])
  })

  contractTest(
    open,
    'a worker’s report of its protection is converted to the store’s time',
    async (contract) => {
      const { store, worker, advance } = contract
      const first = await worker({ report: report(1) })
      const told = async (n: number, protection: WorkerReport['protection']) => {
        await first.renew({ report: report(n, { agoMs: 200, ...(protection && { protection }) }) })
        advance(1_000)
        const [shown] = await store.workers()
        expect(shown).toMatchObject({ task: taskIdentity })
        return shown?.protection
      }
      const common = { mode: 'required', users: 2, protectedForMs: 0 } as const
      const held = { ...common, state: { kind: 'held' }, protectedForMs: 300_000 } as const
      expect(await told(2, held)).toEqual({ ...held, protectedForMs: 298_800 })
      const asking = { ...common, state: { kind: 'asking', forMs: 10, keepsSlot: true } } as const
      expect(await told(3, asking)).toMatchObject({ state: { kind: 'asking', forMs: 1_210 } })
      const refused = {
        kind: 'refused',
        code: 'DEPLOYMENT_BLOCKED',
        detail: 'too many',
        retryInMs: 5_000,
      } as const
      expect(await told(4, { ...common, state: refused })).toEqual({
        ...common,
        state: { ...refused, retryInMs: 3_800 },
      })
      const forever = { ...common, state: { ...refused, retryInMs: undefined }, sharesTask: true } as const
      expect(await told(5, forever)).toEqual(forever)
      const resting = { ...common, state: { kind: 'resting', forMs: 1_000 } } as const
      expect(await told(6, resting)).toMatchObject({ state: { kind: 'resting', forMs: 0 } })
      expect(await told(7, undefined)).toBeUndefined()
    },
  )

  contractTest(open, 'a late repeat of a report replaces nothing newer', async (contract) => {
    const { store, worker, advance } = contract
    const protection = { mode: 'required', users: 0, protectedForMs: 0, state: { kind: 'idle' } } as const
    const first = await worker({ report: report(3) })
    await first.renew({ report: report(2, { protection }) })
    expect((await store.workers())[0]).not.toHaveProperty('protection')
    const later = report(4, {
      protection: { ...protection, state: { kind: 'asking', forMs: 0, keepsSlot: true } },
    })
    await first.renew({ report: later })
    advance(1_000)
    await first.renew({ report: later })
    expect(await store.workers()).toMatchObject([{ protection: { state: { forMs: 1_000 } } }])
  })

  contractTest(open, 'an execution shows its task', async (contract) => {
    const { store, worker } = contract
    await store.enqueue([newRun({ id: 'run' })])
    const [first, second] = [await worker({ report: report(1) }), await worker()]
    const run = await first.claimOne()
    const taskId = '0af5b9f40e1d4c5f8f3b4b0a4d3c2b1a'
    expect(await store.executions('run')).toMatchObject([{ worker: first.name, task: taskId }])
    await first.settle(run, { kind: 'released' })
    const again = await second.claimOne()
    await second.settle(again, { kind: 'released' })
    await second.renew({ report: report(1) })
    await second.claimOne()
    const executions = await store.executions('run')
    expect(executions.map((one) => one.task)).toEqual([taskId, undefined, taskId])
    expect(executions.map((one) => one.worker)).toEqual([first.name, second.name, second.name])
  })

  contractTest(open, 'a lease that is gone reports nothing, whatever arrives late', async (contract) => {
    const { store, worker, letLeaseExpire } = contract
    const [first, second] = [await worker({ report: report(1) }), await worker()]
    await letLeaseExpire(second)
    await second.claim()
    expect(await first.renew({ report: report(2) })).toEqual({ kind: 'lost' })
    const shown = await store.workers()
    expect(shown.map(({ name }) => name)).toEqual([second.name])
    expect(shown[0]).not.toHaveProperty('task')
  })
}
