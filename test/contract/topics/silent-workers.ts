import { expect } from 'vitest'
import { arnOf, inTask } from '../../support/stores/in-task.ts'
import { newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import type { TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const leaseMs = 60_000

/** Lets a minute's lease of one worker become silent: two renewals are missed. */
async function fallSilent(contract: Contract, ...others: readonly TestWorker[]): Promise<void> {
  for (let passed = 0; passed < 37_000; passed += 4_000) {
    contract.advance(4_000)
    for (const other of others) await other.renew()
  }
}

export function silentWorkersContract(open: Open): void {
  contractTest(
    open,
    'a silent worker whose task is stopped is lost before its lease expires',
    async (contract) => {
      const { store, worker } = contract
      const run = newRun()
      await store.enqueue([run])
      const [victim, bodyLog] = [await worker(inTask('a', { leaseMs })), await worker()]
      await victim.claimOne()
      const twin = await worker(inTask('a', { leaseMs }))
      expect(await store.silentTasks()).toEqual([])
      await fallSilent(contract, bodyLog, twin)
      const [silent, ...others] = await store.silentTasks()
      expect(others).toEqual([])
      expect(silent).toMatchObject({
        lease: victim.lease,
        worker: victim.name,
        taskArn: arnOf('a'),
        state: 'silent',
      })
      const seenAt = silent?.state === 'silent' ? silent.seenAt : 0

      expect(await store.reclaimStopped(victim.lease, seenAt - 1)).toBe('not lost')
      expect(await store.run(run.id)).toMatchObject({ state: 'running' })
      expect(await store.reclaimStopped(victim.lease, seenAt)).toBe('lost')
      expect(await store.reclaimStopped(victim.lease, seenAt)).toBe('lost')
      expect(await store.run(run.id)).toMatchObject({ state: 'ready', losses: 1 })
      expect(await victim.renew()).toEqual({ kind: 'lost' })
      expect(await store.history(run.id)).toMatchObject([{ kind: 'lost', cause: 'exit' }])
      expect(await store.lostWorkers()).toMatchObject([{ name: victim.name, seenBy: 'exit', runs: 1 }])
      // Each lease of the task is judged by itself.
      expect(await twin.renew()).toMatchObject({ kind: 'held' })
    },
  )

  contractTest(
    open,
    'a worker that was seen since is not lost, whatever is reported of its task',
    async (contract) => {
      const { store, worker } = contract
      const [victim, bodyLog] = [await worker(inTask('a', { leaseMs })), await worker()]
      await fallSilent(contract, bodyLog)
      const [silent] = await store.silentTasks()
      const seenAt = silent?.state === 'silent' ? silent.seenAt : 0
      await victim.renew()
      expect(await store.silentTasks()).toEqual([])
      expect(await store.reclaimStopped(victim.lease, seenAt)).toBe('not lost')
      await fallSilent(contract, bodyLog)
      expect(await store.reclaimStopped(victim.lease, seenAt)).toBe('not lost')
      expect(await victim.renew()).toMatchObject({ kind: 'held' })
      expect(await store.reclaimStopped('no such lease', seenAt)).toBe('not lost')
      await store.resign(victim.lease, [])
      expect(await store.reclaimStopped(victim.lease, seenAt)).toBe('not lost')
    },
  )

  contractTest(open, 'a worker is not lost through its task before it is silent', async (contract) => {
    const { store, worker, now } = contract
    const [victim, bodyLog] = [await worker(inTask('a', { leaseMs })), await worker()]
    const seenAt = now()
    for (let passed = 0; passed < 32_000; passed += 4_000) {
      contract.advance(4_000)
      await bodyLog.renew()
    }
    expect(await store.silentTasks()).toEqual([])
    for (const at of [seenAt - 1, seenAt, seenAt + 1])
      expect(await store.reclaimStopped(victim.lease, at)).toBe('not lost')
    expect(await victim.renew()).toMatchObject({ kind: 'held' })
  })

  contractTest(
    open,
    'ECS is not queried about a silent worker with a short lease, or without a task',
    async (contract) => {
      const { store, worker } = contract
      const [, , bodyLog] = [
        await worker(inTask('a', { leaseMs: 20_000 })),
        await worker({ leaseMs }),
        await worker(),
      ]
      for (let passed = 0; passed < 16_000; passed += 4_000) {
        contract.advance(4_000)
        await bodyLog.renew()
      }
      expect(await store.silentTasks()).toEqual([])
      await fallSilent(contract, bodyLog)
      expect(await store.silentTasks()).toEqual([])
    },
  )
}
