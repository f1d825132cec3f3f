import { expect } from 'vitest'
import type { Outcome } from '../../../runtime/model/outcome.ts'
import type { Settlement } from '../../../runtime/store/store.ts'
import { done, encoded, failed, newRun, plainError, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

export function settleContract(open: Open): void {
  contractTest(open, 'completed keeps its output', async ({ store, worker, now }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    expect(await first.settle(run, completed)).toEqual({ kind: 'settled', state: 'completed' })
    expect(await store.run(run.id)).toMatchObject({
      state: 'completed',
      output: encoded('output'),
      endedAt: now(),
    })
  })

  contractTest(open, 'failed keeps its error and the step it escaped from', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, failed('pay'))
    await first.settle(run, { kind: 'failed', error: plainError, escaped: 'pay' })
    expect(await store.run(run.id)).toMatchObject({ state: 'failed', error: plainError, escaped: 'pay' })
  })

  contractTest(open, 'a run reports the orphans of its last settlement', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, done('removed'), done('charge'))
    const settlement = (claimed: typeof run, orphans?: readonly number[]): Settlement => ({
      ...first.settlement(claimed, { kind: 'released' }),
      ...(orphans === undefined ? {} : { orphans }),
    })
    const orphans = async (): Promise<unknown> => (await store.run(run.id))?.orphans
    const stale = { ...settlement(run, [2]), fence: run.fence - 1 }
    expect(await first.send(stale, settlement(run, [1]))).toMatchObject([
      { kind: 'gone' },
      { kind: 'settled', state: 'ready' },
    ])
    expect(await orphans()).toEqual([1])
    // A repeat changes nothing.
    await first.send(settlement(run, [1]))
    const again = await first.claimOne()
    expect(await orphans()).toEqual([1])
    await first.send(settlement(run), settlement(again, [1, 2]))
    expect(await orphans()).toEqual([1, 2])
    expect((await store.runs({ limit: 1 })).runs[0]?.orphans).toEqual([1, 2])
    const last = await first.claimOne()
    await first.send(settlement(last))
    expect(await orphans()).toBeUndefined()
  })

  contractTest(
    open,
    'every kind of settlement reports orphans, except one that continues',
    async (contract) => {
      const { store, worker, advance } = contract
      await store.enqueue([newRun()])
      const first = await worker()
      let run = await first.claimOne()
      await first.append(run, waiting('nap', 1_000))
      const orphansAfter = async (outcome: Outcome, orphan: number): Promise<unknown> => {
        await first.send({ ...first.settlement(run, outcome), orphans: [orphan] })
        return (await store.run(run.id))?.orphans
      }
      const wait = { kind: 'time', path: 'nap', position: 1 } as const
      expect(await orphansAfter({ kind: 'waiting', waits: [wait] }, 1)).toEqual([1])
      advance(1_000)
      run = await first.claimOne()
      expect(await orphansAfter({ kind: 'waiting', waits: [wait] }, 2)).toEqual([1])
      expect(await orphansAfter({ kind: 'retrying', error: plainError, delayMs: 1_000 }, 3)).toEqual([3])
      advance(1_000)
      run = await first.claimOne()
      expect(await orphansAfter({ kind: 'failed', error: plainError }, 4)).toEqual([4])
      await store.retry(run.id, {}, { requestId: 'again', by: 'ana' })
      run = await first.claimOne()
      expect(await orphansAfter({ kind: 'blocked', reason: 'a kind changed', digest: 'd' }, 5)).toEqual([5])
      await store.retry(run.id, {}, { requestId: 'once more', by: 'ana' })
      run = await first.claimOne()
      expect(await orphansAfter(completed, 6)).toEqual([6])
    },
  )

  contractTest(open, 'retrying spends an attempt and waits', async ({ store, worker, advance, now }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.settle(run, { kind: 'retrying', error: plainError, delayMs: 2_000 })
    expect(await store.run(run.id)).toMatchObject({
      ...{ state: 'waiting', attempt: 2, error: plainError },
      waitingFor: { kind: 'retry', until: now() + 2_000 },
    })
    expect(await first.claim()).toEqual([])
    advance(2_000)
    expect(await first.claimOne()).toMatchObject({ id: run.id, attempt: 2, losses: 0 })
  })

  contractTest(open, 'waiting frees the slot until the first deadline', async (contract) => {
    const { store, worker, advance, now } = contract
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, waiting('long', 9_000), waiting('short', 3_000))
    const waits = [
      { kind: 'time', path: 'long', position: 1 },
      { kind: 'time', path: 'short', position: 2 },
    ] as const
    advance(1_000)
    expect(await first.settle(run, { kind: 'waiting', waits })).toEqual({ kind: 'settled', state: 'waiting' })
    const waitingFor = { kind: 'time', name: 'short', until: now() + 2_000 }
    expect(await store.run(run.id)).toMatchObject({ state: 'waiting', waitingFor })
    advance(1_999)
    expect((await first.claimReply()).nextDueInMs).toBe(1)
    advance(1)
    const resumed = await first.claimOne()
    expect(resumed).toMatchObject({ id: run.id, attempt: 1, losses: 0, position: 2 })
    expect(resumed.journal.entries.map(({ remainingMs }) => remainingMs)).toEqual([6_000 - 0, 0])
  })

  contractTest(open, 'an ended wait lets the worker continue', async ({ store, worker, advance }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, waiting('rest', 1_000))
    advance(1_000)
    const waits = [{ kind: 'time', path: 'rest', position: 1 }] as const
    expect(await first.settle(run, { kind: 'waiting', waits })).toEqual({ kind: 'continue' })
    expect(await store.run(run.id)).toMatchObject({ state: 'running' })
  })

  contractTest(open, 'released is ready at once and spends nothing', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const [first, second] = [await worker(), await worker()]
    const run = await first.claimOne()
    await first.append(run, done('one'))
    await first.settle(run, { kind: 'released' })
    const resumed = await second.claimOne()
    expect(resumed).toMatchObject({ id: run.id, attempt: 1, losses: 0, position: 1 })
    expect(resumed.journal.entries).toMatchObject([done('one')])
    expect((await store.history(run.id)).map(({ kind }) => kind)).toEqual(['released'])
  })

  contractTest(open, 'blocked waits for other code', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.settle(run, { kind: 'blocked', reason: 'changed kind', digest: 'first' })
    expect(await store.run(run.id)).toMatchObject({ state: 'blocked', reason: 'changed kind' })
    const job = { name: 'job', version: 1, queue: 'default' }
    const same = await worker({ jobs: [{ ...job, digest: 'first' }] })
    expect(await same.claim()).toEqual([])
    const other = await worker({ jobs: [{ ...job, digest: 'second' }] })
    const retried = await other.claimOne()
    await other.settle(retried, { kind: 'blocked', reason: 'still', digest: 'second' })
    const known = await worker({ jobs: [{ ...job, digest: 'first' }] })
    expect(await known.claim()).toEqual([])
  })

  const outcomes: readonly Outcome[] = [
    completed,
    { kind: 'failed', error: plainError },
    { kind: 'retrying', error: plainError, delayMs: 1_000 },
    { kind: 'released' },
    { kind: 'blocked', reason: 'why', digest: 'first' },
  ]
  for (const outcome of outcomes) {
    contractTest(
      open,
      `a repeated ${outcome.kind} gets the same reply and changes nothing`,
      async ({ store, worker }) => {
        await store.enqueue([newRun()])
        const first = await worker()
        const run = await first.claimOne()
        const answer = await first.settle(run, outcome)
        const before = [await store.run(run.id), await store.history(run.id)]
        expect(await first.settle(run, outcome)).toEqual(answer)
        expect([await store.run(run.id), await store.history(run.id)]).toEqual(before)
      },
    )
  }

  contractTest(open, 'a settlement with a fence before the last is gone', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const old = await first.claimOne()
    await first.settle(old, { kind: 'released' })
    const current = await first.claimOne()
    await first.settle(current, { kind: 'released' })
    expect(await first.settle(old, completed)).toEqual({ kind: 'gone' })
    expect(await store.run(old.id)).toMatchObject({ state: 'ready' })
  })

  contractTest(
    open,
    'a late settlement of an older execution does not end the newer one of the same worker',
    async (contract) => {
      const { store, worker } = contract
      await store.enqueue([newRun()])
      const first = await worker()
      const stays = []
      for (let i = 0; i < 3; i++) {
        const run = await first.claimOne()
        stays.push(run)
        if (i < 2) await first.settle(run, { kind: 'released' })
      }
      const [oldest] = stays
      if (oldest === undefined) throw new Error('the run was to be claimed')
      expect(await first.settle(oldest, completed)).toEqual({ kind: 'gone' })
      expect(await store.run(oldest.id)).toMatchObject({ state: 'running' })
    },
  )

  contractTest(open, 'a settlement at another position is a gap', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    const settlement = { ...first.settlement(run, completed), position: 3 }
    expect(await first.send(settlement)).toEqual([{ kind: 'gap' }])
    expect(await store.run(run.id)).toMatchObject({ state: 'running' })
  })

  contractTest(open, 'a claim can claim runs that it settles', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    const answer = await first.claimReply(1, [first.settlement(run, { kind: 'released' })])
    expect(answer.settled).toEqual([{ kind: 'settled', state: 'ready' }])
    expect(answer.runs.map(({ id }) => id)).toEqual([run.id])
  })
}
