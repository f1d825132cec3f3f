import { expect } from 'vitest'
import type { FailureMark } from '../../../runtime/model/failure-mark.ts'
import type { Outcome } from '../../../runtime/model/outcome.ts'
import { poisonLimit } from '../../../runtime/model/poison.ts'
import type { RunId } from '../../../runtime/model/run-id.ts'
import {
  type FailureFilter,
  type FailureGroup,
  failureOrders,
  maxFailureGroups,
} from '../../../runtime/store/failures.ts'
import type { ClaimedRun, Store } from '../../../runtime/store/store.ts'
import {
  byHand,
  failed,
  failure,
  leaseMs,
  mark,
  newRun,
  plainError,
  waiting,
} from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const minuteMs = 60_000

function failedFor(failureMark: FailureMark): Outcome {
  return { kind: 'failed', error: plainError, mark: failureMark }
}

function retriedFor(failureMark: FailureMark): Outcome {
  return { kind: 'retrying', error: plainError, mark: failureMark, delayMs: 1_000 }
}

/** Has a new run fail for good, for this cause. */
async function failOne(store: Store, worker: TestWorker, failureMark: FailureMark): Promise<RunId> {
  const run = await beginOne(store, worker)
  await worker.settle(run, failedFor(failureMark))
  return run.id
}

async function beginOne(store: Store, worker: TestWorker): Promise<ClaimedRun> {
  await store.enqueue([newRun()])
  return worker.claimOne()
}

async function onlyGroup(store: Store): Promise<FailureGroup> {
  const [group, ...others] = await store.failures({ limit: 10 })
  expect(others).toEqual([])
  if (group === undefined) throw new Error('there was to be a group')
  return group
}

async function namesOf(store: Store, filter: Partial<FailureFilter> = {}): Promise<string[]> {
  return (await store.failures({ limit: 10, ...filter })).map(({ fingerprint }) => fingerprint)
}

/** Moves the store's time to where a minute begins. */
function beginMinute({ advance, now }: Pick<Contract, 'advance' | 'now'>): void {
  advance(minuteMs - (now() % minuteMs))
}

export function failuresContract(open: Open): void {
  contractTest(open, 'count tries and runs apart', async (contract) => {
    const { store, worker, advance, now } = contract
    const first = await worker()
    beginMinute(contract)
    const firstAt = now()
    const run = await beginOne(store, first)
    await first.append(run, failure('declined', 1_000), failure('declined'))
    advance(5_000)
    await first.settle(run, failedFor(mark('declined', { step: 'pay' })))
    expect(await onlyGroup(store)).toEqual({
      ...{ fingerprint: 'f1:declined', job: 'job', step: 'pay', name: 'Error', text: 'declined' },
      ...{ tries: 2, runs: 1, failedNow: 1, firstAt, lastAt: now(), versions: [1], sample: run.id },
      perMinute: [...new Array<number>(59).fill(0), 2],
    })
  })

  contractTest(open, 'between steps count as tries of the run', async ({ store, worker, advance }) => {
    const first = await worker()
    const run = await beginOne(store, first)
    await first.settle(run, retriedFor(mark('parse', { code: 'E_PARSE' })))
    expect(await onlyGroup(store)).toMatchObject({ code: 'E_PARSE', tries: 1, runs: 0, failedNow: 0 })
    advance(1_000)
    await first.settle(await first.claimOne(), failedFor(mark('parse', { code: 'E_PARSE' })))
    expect(await onlyGroup(store)).toMatchObject({ tries: 2, runs: 1, failedNow: 1 })
  })

  contractTest(open, 'are shown by the run that failed or waits for its next try', async (contract) => {
    const { store, worker, advance } = contract
    const first = await worker()
    const run = await beginOne(store, first)
    await first.settle(run, retriedFor(mark('first')))
    expect(await store.run(run.id)).toMatchObject({ state: 'waiting', fingerprint: 'f1:first' })
    advance(1_000)
    const again = await first.claimOne()
    expect(await store.run(run.id)).not.toHaveProperty('fingerprint')

    await first.append(again, failure('second', 2_000))
    const retry = { kind: 'retry', path: 'pay', position: 1, fingerprint: 'f1:second' } as const
    await first.settle(again, { kind: 'waiting', waits: [retry] })
    expect(await store.run(run.id)).toMatchObject({ state: 'waiting', fingerprint: 'f1:second' })
    advance(2_000)
    const third = await first.claimOne()
    await first.append(third, waiting('rest', 3_000))
    await first.settle(third, { kind: 'waiting', waits: [{ kind: 'time', path: 'rest', position: 2 }] })
    expect(await store.run(run.id)).not.toHaveProperty('fingerprint')
    advance(3_000)
    await first.settle(await first.claimOne(), failedFor(mark('third')))
    expect(await store.run(run.id)).toMatchObject({ state: 'failed', fingerprint: 'f1:third' })
    expect((await store.runs({ limit: 1 })).runs).toMatchObject([{ fingerprint: 'f1:third' }])
    await store.retry(run.id, {}, byHand())
    expect(await store.run(run.id)).not.toHaveProperty('fingerprint')
  })

  contractTest(open, 'of a worker without fingerprints have no group', async ({ store, worker }) => {
    const first = await worker()
    const run = await beginOne(store, first)
    await first.append(run, failed('pay'))
    await first.settle(run, { kind: 'failed', error: plainError, escaped: 'pay' })
    expect(await store.failures({ limit: 10 })).toEqual([])
    expect(await store.run(run.id)).not.toHaveProperty('fingerprint')
    expect(await first.settle(run, failedFor(mark('late')))).toMatchObject({ kind: 'settled' })
    expect(await store.failures({ limit: 10 })).toEqual([])
  })

  contractTest(open, 'count once, however often they are sent', async ({ store, worker }) => {
    const first = await worker()
    const run = await beginOne(store, first)
    const [one, two] = [failure('declined', 1_000), failure('declined')].map((record, i) =>
      first.checkpoint(run, record, i + 1),
    )
    if (one === undefined || two === undefined) throw new Error('there are two')
    await first.send(one)
    expect(await first.send(one, two)).toEqual([{ kind: 'stored' }, { kind: 'stored' }])
    await first.send(one, two)
    const end = { ...first.settlement(run, failedFor(mark('declined', { step: 'pay' }))), position: 2 }
    await first.send(end)
    await first.send(end)
    await first.claimReply(0, [end])
    expect(await onlyGroup(store)).toMatchObject({ tries: 2, runs: 1, failedNow: 1 })
    await first.claimReply(0, [{ ...end, fence: end.fence - 1 }])
    await first.send({ ...one, fence: one.fence - 1 }, { ...one, position: 9 })
    expect(await onlyGroup(store)).toMatchObject({ tries: 2, runs: 1, failedNow: 1 })
  })

  contractTest(open, 'that arrive with the end of another run count once', async ({ store, worker }) => {
    const first = await worker()
    const [a, b] = [await beginOne(store, first), await beginOne(store, first)]
    const records = [failure('declined', 1_000), failure('declined')].map((one) => first.checkpoint(a, one))
    const end = first.settlement(b, failedFor(mark('declined', { step: 'pay' })))
    const entries = [...records.map((record) => ({ ...record, limited: true as const })), end]
    const stored = { kind: 'stored' }
    for (let i = 0; i < 2; i++)
      expect(await first.send(...entries)).toEqual([stored, stored, { kind: 'settled', state: 'failed' }])
    expect(await onlyGroup(store)).toMatchObject({ tries: 2, runs: 1, failedNow: 1 })
  })

  contractTest(open, 'that arrive with a claim count', async ({ store, worker }) => {
    const first = await worker()
    const run = await beginOne(store, first)
    const settlement = first.settlement(run, failedFor(mark('parse')))
    await first.claimReply(1, [settlement])
    await first.claimReply(1, [settlement], first.n)
    expect(await onlyGroup(store)).toMatchObject({ tries: 1, runs: 1, failedNow: 1, sample: run.id })
  })

  contractTest(open, 'of a run that was ordered to stop count', async ({ store, worker }) => {
    const first = await worker()
    const [a, b] = [await beginOne(store, first), await beginOne(store, first)]
    for (const { id } of [a, b]) await store.cancel(id, byHand())
    await first.settle(a, retriedFor(mark('parse')))
    expect(await store.run(a.id)).toMatchObject({ state: 'cancelled' })
    expect(await store.run(a.id)).not.toHaveProperty('fingerprint')
    expect(await onlyGroup(store)).toMatchObject({ tries: 1, runs: 0, failedNow: 0 })
    await first.settle(b, failedFor(mark('parse')))
    expect(await onlyGroup(store)).toMatchObject({ tries: 2, runs: 1, failedNow: 1 })
  })

  contractTest(
    open,
    'report how many runs are failed now, without retried, removed and pruned ones',
    async ({ store, worker, advance }) => {
      const first = await worker()
      const runs: RunId[] = []
      for (let i = 0; i < 4; i++) runs.push(await failOne(store, first, mark('parse')))
      const other = await failOne(store, first, mark('parse it'))
      const [retried = '', removed = ''] = runs
      const write = byHand()
      for (let i = 0; i < 2; i++) await store.retry(retried, {}, write)
      await store.remove(removed, byHand())
      const counts = async (): Promise<unknown> =>
        Object.fromEntries((await store.failures({ limit: 10 })).map((one) => [one.text, one.failedNow]))
      expect(await counts()).toEqual({ parse: 2, 'parse it': 1 })
      advance(1)
      await first.settle(await first.claimOne(), failedFor(mark('parse it')))
      expect(await counts()).toEqual({ parse: 2, 'parse it': 2 })
      advance(1_000)
      expect(await store.sweep(100)).toMatchObject({ pruned: 4 })
      expect(await counts()).toEqual({ parse: 0, 'parse it': 0 })
      expect(await store.run(other)).toBeUndefined()
      const groups = await store.failures({ limit: 10, order: 'most' })
      expect(groups.map(({ runs: ended }) => ended)).toEqual([4, 2])
    },
    { retention: { failed: '1s' } },
  )

  contractTest(open, 'of poisoned runs are one group per job', async (contract) => {
    const { store, worker, letLeaseExpire, advance } = contract
    const bodyLog = await worker({ jobs: [] })
    await store.enqueue([newRun()])
    for (let losses = 0; losses <= poisonLimit; losses++) {
      await (await worker()).claimOne()
      await letLeaseExpire(bodyLog)
      await bodyLog.claim(0)
      advance(20 * leaseMs)
      await bodyLog.renew()
    }
    const group = await onlyGroup(store)
    expect(group).toMatchObject({
      ...{
        fingerprint: 'f1:poisoned:job',
        job: 'job',
        step: '',
        name: 'RunPoisonedError',
        code: 'RUN_POISONED',
      },
      text: 'its workers were lost again and again without a new step in between',
      ...{ tries: 1, runs: 1, failedNow: 1, versions: [1] },
    })
    expect(await store.run(group.sample)).toMatchObject({ state: 'failed', fingerprint: 'f1:poisoned:job' })
    const { runs } = await store.runs({ text: 'given up', limit: 10 })
    expect(runs.map(({ id }) => id)).toContain(group.sample)
  })

  contractTest(open, 'are reported per minute, for an hour', async (contract) => {
    const { store, worker, advance } = contract
    const first = await worker()
    beginMinute(contract)
    const run = await beginOne(store, first)
    await first.append(run, failure('busy', 1), failure('busy', 1))
    advance(minuteMs)
    await first.append(run, failure('busy', 1))
    advance(2 * minuteMs + minuteMs / 2)
    const minutes = async (): Promise<readonly number[]> => (await onlyGroup(store)).perMinute
    expect((await minutes()).slice(-5)).toEqual([0, 2, 1, 0, 0])
    advance(56 * minuteMs)
    expect((await minutes()).slice(0, 3)).toEqual([2, 1, 0])
    advance(minuteMs)
    expect((await minutes()).slice(0, 3)).toEqual([1, 0, 0])
    await first.append(run, failure('busy', 1))
    expect(await minutes()).toEqual([1, ...new Array<number>(58).fill(0), 1])
    advance(61 * minuteMs)
    expect(await minutes()).toEqual(new Array<number>(60).fill(0))
    expect(await onlyGroup(store)).toMatchObject({ tries: 4 })
  })

  contractTest(open, 'name the five most recent versions they were seen with', async ({ store, worker }) => {
    const first = await worker()
    const run = await beginOne(store, first)
    for (const version of [3, 1, 7, 3]) await first.append(run, failure('busy', 1, { version }))
    expect((await onlyGroup(store)).versions).toEqual([7, 3, 1])
    await first.append(run, ...[2, 9, 8].map((version) => failure('busy', 1, { version })))
    expect((await onlyGroup(store)).versions).toEqual([9, 8, 7, 3, 2])
  })

  contractTest(open, 'have times that follow clock changes', async (contract) => {
    const { store, worker, moveClock, now } = contract
    const first = await worker()
    const run = await beginOne(store, first)
    await first.append(run, failure('busy', 1))
    const at = now()
    moveClock(3_600_000)
    await first.renew()
    const { firstAt, lastAt, perMinute } = await onlyGroup(store)
    expect([firstAt, lastAt]).toEqual([at + 3_600_000, at + 3_600_000])
    expect(perMinute.at(-1)).toBe(1)
    expect(await namesOf(store, { since: lastAt })).toEqual(['f1:busy'])
    expect(await namesOf(store, { since: lastAt + 1 })).toEqual([])
  })

  contractTest(open, 'are filtered and ordered', async ({ store, worker, advance, now }) => {
    const first = await worker()
    const other = await worker({ jobs: [{ name: 'other', version: 1, queue: 'default', digest: 'first' }] })
    const begun = now()
    const run = await beginOne(store, first)
    await first.append(run, failure('a1', 1), failure('a1', 1), failure('a1', 1))
    advance(1_000)
    await store.enqueue([newRun({ job: 'other' })])
    const second = await other.claimOne()
    await other.append(second, failure('b', 1))
    advance(1_000)
    await first.append(run, failure('a2', 1), failure('a2', 1))
    advance(1_000)
    await other.append(second, failure('b', 1))
    expect(await namesOf(store)).toEqual(['f1:b', 'f1:a2', 'f1:a1'])
    expect(await namesOf(store, { limit: 2 })).toEqual(['f1:b', 'f1:a2'])
    expect(await namesOf(store, { order: 'most' })).toEqual(['f1:a1', 'f1:b', 'f1:a2'])
    expect(await namesOf(store, { order: 'newest' })).toEqual(['f1:a2', 'f1:b', 'f1:a1'])
    expect(await namesOf(store, { job: 'job' })).toEqual(['f1:a2', 'f1:a1'])
    expect(await namesOf(store, { job: 'job', order: 'most', limit: 1 })).toEqual(['f1:a1'])
    expect(await namesOf(store, { job: 'jo' })).toEqual([])
    expect(await namesOf(store, { fingerprint: 'f1:a' })).toEqual(['f1:a2', 'f1:a1'])
    expect(await namesOf(store, { fingerprint: 'f1:a1' })).toEqual(['f1:a1'])
    expect(await namesOf(store, { since: begun + 2_000 })).toEqual(['f1:b', 'f1:a2'])
  })

  contractTest(open, 'are listed with the exact fingerprint first', async ({ store, worker, advance }) => {
    const first = await worker()
    const run = await beginOne(store, first)
    for (const name of ['a', 'a1', 'a2']) {
      await first.append(run, failure(name, 1))
      advance(1)
    }
    expect(await namesOf(store, { fingerprint: 'f1:a' })).toEqual(['f1:a', 'f1:a2', 'f1:a1'])
    for (const order of failureOrders)
      expect(await namesOf(store, { fingerprint: 'f1:a', order, limit: 1 })).toEqual(['f1:a'])
  })

  contractTest(open, 'refuse impossible filters', async ({ store }) => {
    const refused = { code: 'INVALID_OPTIONS' }
    for (const limit of [0, 1.5, maxFailureGroups + 1])
      await expect(store.failures({ limit })).rejects.toMatchObject(refused)
    await expect(store.failures({ limit: 1, order: 'oldest' as 'most' })).rejects.toMatchObject(refused)
    await expect(store.failures({ limit: 1, since: Number.NaN })).rejects.toMatchObject(refused)
  })

  contractTest(
    open,
    'have a bounded number of groups: the least recently seen is dropped',
    async (contract) => {
      const { store, worker, advance } = contract
      const first = await worker()
      const id = await failOne(store, first, mark('parse'))
      const run = await beginOne(store, first)
      const all = Array.from({ length: maxFailureGroups }, (_, i) => failure(`busy ${i}`, 1))
      for (let i = 0; i < all.length; i += 200) {
        advance(1)
        await first.append(run, ...all.slice(i, i + 200))
        // A failure that recurs remains.
        if (i === 400) await first.append(run, failure('busy 3', 1))
      }
      const known = new Set(await namesOf(store, { limit: maxFailureGroups }))
      expect(known.size).toBe(maxFailureGroups)
      expect(known.has('f1:parse')).toBe(false)
      advance(1)
      await first.append(run, ...[1, 2, 3].map((n) => failure(`late ${n}`, 1)))
      const later = new Set(await namesOf(store, { limit: maxFailureGroups }))
      expect([later.size, later.has('f1:late 1'), later.has('f1:busy 3')]).toEqual([
        maxFailureGroups,
        true,
        true,
      ])
      // Its runs are failed all the same, and a retry of the group would retry them.
      expect(await store.run(id)).toMatchObject({ fingerprint: 'f1:parse' })
      advance(1)
      await failOne(store, first, mark('parse'))
      expect(await store.failures({ limit: 1 })).toMatchObject([{ tries: 1, runs: 1, failedNow: 2 }])
    },
  )

  contractTest(open, 'end with the run that completes', async ({ store, worker, advance }) => {
    const first = await worker()
    const run = await beginOne(store, first)
    await first.settle(run, retriedFor(mark('busy')))
    advance(1_000)
    await first.settle(await first.claimOne(), completed)
    expect(await store.run(run.id)).toMatchObject({ state: 'completed' })
    expect(await onlyGroup(store)).toMatchObject({ tries: 1, runs: 0, failedNow: 0 })
  })
}
