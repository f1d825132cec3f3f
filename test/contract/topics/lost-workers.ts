import { expect } from 'vitest'
import type { DeathCause } from '../../../runtime/model/death-cause.ts'
import { keepLostMs, maxLostRuns, maxToldWorkers } from '../../../runtime/store/lost-workers.ts'
import { arnOf, inTask } from '../../support/stores/in-task.ts'
import { done, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'
import { readOperations } from '../read-events.ts'

const scaleIn: DeathCause = { kind: 'scale-in', killedAfterMs: 30_000, text: 'Scaling activity' }
const memory: DeathCause = { kind: 'out of memory', text: 'OutOfMemoryError' }
const words = 'stopped by scale-in, SIGKILL after 30 s'

/** Lets time pass while the bodyLog renews. */
async function pass(contract: Contract, bodyLog: TestWorker, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 4_000) {
    contract.advance(Math.min(4_000, ms - passed))
    await bodyLog.renew()
  }
}

/** Has a worker in a task claim all there is, and vanish. */
async function lose(contract: Contract, bodyLog: TestWorker, task = 'a', max = 10): Promise<TestWorker> {
  const victim = await contract.worker(inTask(task))
  await victim.claim(max)
  await contract.letLeaseExpire(bodyLog)
  await bodyLog.claim(0)
  return victim
}

/** Loses the run this often, each time as soon as it may be claimed. */
async function losePast(contract: Contract, bodyLog: TestWorker, times: number): Promise<TestWorker[]> {
  const lost: TestWorker[] = []
  for (let i = 0; i < times; i++) {
    await pass(contract, bodyLog, 120_000)
    lost.push(await lose(contract, bodyLog, `t${i}`, 1))
  }
  return lost
}

export function lostWorkersContract(open: Open): void {
  contractTest(
    open,
    'a lost worker of a task is listed for an hour, with the cause of the task’s end',
    async (contract) => {
      const { store, worker, now } = contract
      await store.enqueue([newRun(), newRun()])
      const bodyLog = await worker()
      const victim = await lose(contract, bodyLog)
      const lostAt = now()
      const told = { name: victim.name, taskArn: arnOf('a'), lostAt, seenBy: 'lease', runs: 2 }
      expect(await store.lostWorkers()).toEqual([told])
      expect(await store.silentTasks()).toEqual([
        { lease: victim.lease, worker: victim.name, taskArn: arnOf('a'), state: 'lost', lostAgoMs: 0 },
      ])
      await pass(contract, bodyLog, 61_000)
      expect(await store.silentTasks()).toMatchObject([{ lease: victim.lease, lostAgoMs: 61_000 }])
      expect(await store.explainLoss(victim.lease, scaleIn)).toBe('explained')
      expect(await store.lostWorkers()).toEqual([{ ...told, death: scaleIn }])
      expect(await store.silentTasks()).toEqual([])

      await pass(contract, bodyLog, keepLostMs - 61_001)
      expect(await store.lostWorkers()).toHaveLength(1)
      await pass(contract, bodyLog, 1)
      expect(await store.lostWorkers()).toEqual([])
      expect(await store.explainLoss(victim.lease, scaleIn)).toBe('unknown')
      await store.sweep(100)
      expect(await store.lostWorkers()).toEqual([])
    },
  )

  contractTest(open, 'a worker that left, lives or has no task is not listed as lost', async (contract) => {
    const { store, worker } = contract
    const bodyLog = await worker()
    const [left, alive] = [await worker(inTask('left')), await worker(inTask('alive'))]
    await store.resign(left.lease, [])
    const outside = await worker()
    for (let i = 0; i < 4; i++) {
      contract.advance(2_500)
      await Promise.all([bodyLog.renew(), alive.renew()])
    }
    await bodyLog.claim(0)
    expect(await store.lostWorkers()).toEqual([])
    for (const { lease } of [left, alive, outside, bodyLog])
      expect(await store.explainLoss(lease, scaleIn)).toBe('unknown')
    expect(await store.explainLoss('no such lease', scaleIn)).toBe('unknown')
    expect(await readOperations(store)).not.toContainEqual(
      expect.objectContaining({ operation: 'loss explained' }),
    )
  })

  contractTest(open, 'a stop unrelated to the run reverts the loss in its streak', async (contract) => {
    const { store, worker } = contract
    const run = newRun()
    await store.enqueue([run])
    const bodyLog = await worker()
    const victim = await lose(contract, bodyLog)
    expect(await store.run(run.id)).toMatchObject({ state: 'ready', losses: 1, lossStreak: 1 })
    // Also if the reply to the first call was lost; the first cause is retained.
    for (const death of [scaleIn, scaleIn, memory])
      expect(await store.explainLoss(victim.lease, death)).toBe('explained')
    expect(await store.run(run.id)).toMatchObject({ state: 'ready', losses: 1 })
    expect(await store.run(run.id)).not.toHaveProperty('lossStreak')
    expect(await store.history(run.id)).toMatchObject([
      { kind: 'lost', cause: 'lease', worker: victim.name },
      {
        kind: 'explained',
        cause: 'lease',
        worker: victim.name,
        reason: `${words}; the loss doesn't count`,
      },
    ])
    const explained = (await readOperations(store)).filter(({ operation }) => operation === 'loss explained')
    expect(explained).toMatchObject([
      { subject: victim.name, count: 1, reason: words, details: { cause: 'scale-in' } },
    ])
    // The next loss in a row is the first one.
    await lose(contract, bodyLog)
    expect(await store.run(run.id)).toMatchObject({ state: 'ready', losses: 2, lossStreak: 1 })
  })

  contractTest(open, 'a death that the run may have caused leaves its streak', async (contract) => {
    const { store, worker } = contract
    const run = newRun()
    await store.enqueue([run])
    const bodyLog = await worker()
    for (const [i, kind] of (['out of memory', 'unhealthy', 'unknown'] as const).entries()) {
      await pass(contract, bodyLog, 12_000)
      const victim = await lose(contract, bodyLog, kind)
      await store.explainLoss(victim.lease, { kind, text: '' })
      expect(await store.run(run.id)).toMatchObject({ losses: i + 1, lossStreak: i + 1 })
    }
    const history = await store.history(run.id)
    expect(history[1]).toMatchObject({ kind: 'explained', reason: 'out of memory' })
    expect(history[1]).not.toHaveProperty('cause')
  })

  contractTest(open, 'the pause after a reverted loss ends', async (contract) => {
    const { store, worker, now } = contract
    const run = newRun()
    await store.enqueue([run])
    const bodyLog = await worker()
    await losePast(contract, bodyLog, 3)
    await pass(contract, bodyLog, 8_000)
    const fourth = await lose(contract, bodyLog)
    const lostAt = now()
    expect(await store.run(run.id)).toMatchObject({
      state: 'waiting',
      waitingFor: { until: lostAt + 30_000 },
    })
    await pass(contract, bodyLog, 4_000)
    // Of three losses it would be 5 s, which are not over.
    const early = { state: 'waiting', lossStreak: 3 }
    await store.explainLoss(fourth.lease, scaleIn)
    expect(await store.run(run.id)).toMatchObject({ ...early, waitingFor: { until: lostAt + 5_000 } })
    await pass(contract, bodyLog, 1_000)
    await bodyLog.claim(0)
    expect(await store.run(run.id)).toMatchObject({ state: 'ready', lossStreak: 3 })

    const fifth = await lose(contract, bodyLog)
    await pass(contract, bodyLog, 12_000)
    expect(await store.run(run.id)).toMatchObject({ state: 'waiting', lossStreak: 4 })
    await store.explainLoss(fifth.lease, scaleIn)
    expect(await store.run(run.id)).toMatchObject({ state: 'ready', lossStreak: 3 })
    expect(await bodyLog.claim()).toHaveLength(1)
  })

  contractTest(
    open,
    'a pause of the run itself continues when an earlier loss is reverted',
    async (contract) => {
      const { store, worker } = contract
      const run = newRun()
      await store.enqueue([run])
      const bodyLog = await worker()
      const victim = await lose(contract, bodyLog)
      const claimed = await bodyLog.claimOne()
      await bodyLog.settle(claimed, { kind: 'retrying', error: plainError, delayMs: 60_000 })
      const before = await store.run(run.id)
      await store.explainLoss(victim.lease, scaleIn)
      const { lossStreak: _, ...rest } = before as unknown as { lossStreak: number }
      expect(await store.run(run.id)).toEqual(rest)
    },
  )

  contractTest(
    open,
    'nothing is reverted once an entry has been stored, or after another loss',
    async (contract) => {
      const { store, worker } = contract
      const [stored, again] = [newRun(), newRun()]
      await store.enqueue([stored, again])
      const bodyLog = await worker()
      const first = await lose(contract, bodyLog)
      const next = await worker(inTask('b'))
      const runs = await next.claim()
      for (const run of runs) if (run.id === stored.id) await next.append(run, done('one'))
      await contract.letLeaseExpire(bodyLog)
      await bodyLog.claim(0)
      const states = [await store.run(stored.id), await store.run(again.id)]
      expect(states).toMatchObject([{ lossStreak: 1 }, { lossStreak: 2 }])
      await store.explainLoss(first.lease, scaleIn)
      expect([await store.run(stored.id), await store.run(again.id)]).toEqual(states)
      for (const { id } of [stored, again]) {
        const [, , explained] = await store.history(id)
        expect(explained).toMatchObject({ kind: 'explained', worker: first.name, reason: words })
        expect(explained).not.toHaveProperty('cause')
      }
      expect(await readOperations(store)).toContainEqual(
        expect.objectContaining({ operation: 'loss explained', subject: first.name, count: 0 }),
      )
      // That of the last loss is.
      await store.explainLoss(next.lease, scaleIn)
      expect(await store.run(stored.id)).not.toHaveProperty('lossStreak')
      expect(await store.run(again.id)).toMatchObject({ lossStreak: 1 })
    },
  )

  contractTest(open, 'the loss of a run that another worker now holds is reverted, too', async (contract) => {
    const { store, worker } = contract
    const run = newRun()
    await store.enqueue([run])
    const bodyLog = await worker()
    const victim = await lose(contract, bodyLog)
    const next = await worker(inTask('b'))
    const claimed = await next.claimOne()
    await store.explainLoss(victim.lease, scaleIn)
    expect(await store.run(run.id)).toMatchObject({ state: 'running', worker: next.name })
    await contract.letLeaseExpire(bodyLog)
    await bodyLog.claim(0)
    expect(await store.run(run.id)).toMatchObject({ state: 'ready', losses: 2, lossStreak: 1 })
    expect(claimed.losses).toBe(1)
  })

  contractTest(open, 'a run that is no longer a poison suspect is claimed beside one', async (contract) => {
    const { store, worker } = contract
    const [one, two] = [newRun(), newRun()]
    await store.enqueue([one, two])
    const bodyLog = await worker()
    await lose(contract, bodyLog)
    const victim = await lose(contract, bodyLog)
    await pass(contract, bodyLog, 4_000)
    await bodyLog.claim(0)
    const claimant = await worker()
    expect(await claimant.claim()).toHaveLength(1)
    await store.explainLoss(victim.lease, scaleIn)
    expect(await claimant.claim()).toHaveLength(1)
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
  })

  contractTest(
    open,
    'a run that was poisoned meanwhile keeps its end, and its history says so',
    async (contract) => {
      const { store, worker } = contract
      const run = newRun()
      await store.enqueue([run])
      const bodyLog = await worker()
      const lost = await losePast(contract, bodyLog, 6)
      expect(await store.run(run.id)).toMatchObject({ state: 'failed', error: { code: 'RUN_POISONED' } })
      await store.explainLoss(lost.at(-1)?.lease ?? '', scaleIn)
      expect(await store.run(run.id)).toMatchObject({ state: 'failed', error: { code: 'RUN_POISONED' } })
      const last = (await store.history(run.id)).at(-1)
      expect(last).toMatchObject({
        kind: 'explained',
        reason: `${words}; the run was given up as poisoned before that was known, and keeps its end`,
      })
      expect(last).not.toHaveProperty('cause')
    },
  )

  contractTest(open, 'a run that is being failed as poisoned keeps its end, too', async (contract) => {
    const { store, worker } = contract
    const run = newRun()
    await store.enqueue([run])
    const bodyLog = await worker()
    const lost = await losePast(contract, bodyLog, 5)
    await pass(contract, bodyLog, 120_000)
    const claimed = await bodyLog.claimOne()
    expect(claimed).toMatchObject({ failsAs: 'poisoned' })
    await store.explainLoss(lost.at(-1)?.lease ?? '', scaleIn)
    expect((await store.history(run.id)).at(-1)?.reason).toContain('keeps its end')
    await bodyLog.settle(claimed, { kind: 'failed', error: plainError })
    expect(await store.run(run.id)).toMatchObject({ state: 'failed' })
  })

  contractTest(
    open,
    'a poisoned run’s report of its losses leaves out those that don’t count',
    async (contract) => {
      const { store, worker } = contract
      const run = newRun()
      await store.enqueue([run])
      const bodyLog = await worker()
      for (const task of ['a', 'b', 'c'])
        await store.explainLoss((await lose(contract, bodyLog, task)).lease, scaleIn)
      await losePast(contract, bodyLog, 5)
      await pass(contract, bodyLog, 120_000)
      const poisoned = await bodyLog.claimOne()
      expect(poisoned).toMatchObject({ losses: 8, lossesSeen: { exit: 0, cut: 0, lease: 5 } })
      const last = await worker(inTask('last'))
      await store.resign(bodyLog.lease, [])
      await last.claimOne()
      const other = await worker()
      await contract.letLeaseExpire(other)
      await other.claim(0)
      expect(await store.run(run.id)).toMatchObject({ state: 'failed', error: { fields: { leases: 6 } } })
    },
  )

  contractTest(open, 'an ended or removed run is reported, not moved', async (contract) => {
    const { store, worker } = contract
    const [ended, gone, cancelled] = [newRun(), newRun(), newRun()]
    await store.enqueue([ended, gone, cancelled])
    const bodyLog = await worker()
    const victim = await lose(contract, bodyLog)
    for (const run of await bodyLog.claim()) await bodyLog.settle(run, completed)
    await store.remove(gone.id, { by: 'ana', requestId: 'gone' })
    expect(await store.explainLoss(victim.lease, scaleIn)).toBe('explained')
    expect(await store.run(ended.id)).toMatchObject({ state: 'completed' })
    expect(await store.run(gone.id)).toBeUndefined()
    expect(await store.history(gone.id)).toEqual([])
    expect((await store.history(ended.id)).at(-1)).toMatchObject({ kind: 'explained', reason: words })
  })

  contractTest(open, 'the first of very many lost runs are listed, all are counted', async (contract) => {
    const { store, worker } = contract
    for (let i = 0; i < 6; i++) await store.enqueue(Array.from({ length: 100 }, () => newRun()))
    const bodyLog = await worker()
    const victim = await worker(inTask('a', { concurrency: 600 }))
    expect(await victim.claim(600)).toHaveLength(600)
    await contract.letLeaseExpire(bodyLog)
    // A store that reclaims a bounded number at once reclaims the rest before it explains.
    await bodyLog.claim(0)
    expect(await store.explainLoss(victim.lease, scaleIn)).toBe('explained')
    expect(await store.lostWorkers()).toMatchObject([{ runs: 600 }])
    const { runs } = await store.runs({ limit: 1_000 })
    expect(runs.filter(({ losses }) => losses === 1)).toHaveLength(600)
    const without = runs.filter((run) => !('lossStreak' in run) || run.lossStreak === undefined)
    expect(without).toHaveLength(maxLostRuns)
  })

  contractTest(
    open,
    'the newest of very many lost workers are listed, and ECS is queried about all',
    async (contract) => {
      const { store, worker } = contract
      const bodyLog = await worker()
      const names: string[] = []
      for (let i = 0; i < maxToldWorkers + 5; i++) names.push((await worker(inTask(`t${i}`))).name)
      await contract.letLeaseExpire(bodyLog)
      // Some twenty leases end per claim.
      for (let i = 0; i < 10; i++) {
        contract.advance(1)
        await bodyLog.claim(0)
      }
      const told = await store.lostWorkers()
      expect(told).toHaveLength(maxToldWorkers)
      expect(told.map(({ lostAt }) => lostAt)).toEqual(
        told.map(({ lostAt }) => lostAt).toSorted((a, b) => b - a),
      )
      // ECS has to be called for all of them, including the oldest.
      const asked = (await store.silentTasks()).map(({ worker: name }) => name)
      expect(asked.toSorted()).toEqual(names.toSorted())
    },
  )

  contractTest(open, 'an impossible cause is refused', async (contract) => {
    const { store, worker } = contract
    const bodyLog = await worker()
    const victim = await lose(contract, bodyLog)
    const wrong: unknown[] = [
      { kind: 'bored', text: '' },
      { kind: 'spot', text: 'x'.repeat(501) },
      { kind: 'spot' },
      { kind: 'spot', text: '', killedAfterMs: -1 },
      { kind: 'spot', text: '', killedAfterMs: Number.NaN },
    ]
    for (const death of wrong) {
      await expect(store.explainLoss(victim.lease, death as DeathCause)).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
      })
    }
    expect((await store.lostWorkers())[0]).not.toHaveProperty('death')
  })
}
