import { expect } from 'vitest'
import type { UniqueClaim } from '../../../runtime/model/unique.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import { byHand, done, newRun, plainError, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

function unique(over: Partial<UniqueClaim> = {}, run: Partial<NewRun> = {}): NewRun {
  return newRun({ ...run, unique: { key: 'k', until: 'finished', onDuplicate: 'join', ...over } })
}

/** How a run ends, from ready on. */
const ends: Readonly<Record<string, (contract: Contract, run: NewRun) => Promise<unknown>>> = {
  completed: async ({ worker }) => {
    const first = await worker()
    await first.settle(await first.claimOne(), completed)
  },
  failed: async ({ worker }) => {
    const first = await worker()
    await first.settle(await first.claimOne(), { kind: 'failed', error: plainError })
  },
  'completed, with the next claim': async ({ worker }) => {
    const first = await worker()
    await first.claimReply(1, [first.settlement(await first.claimOne(), completed)])
  },
  'cancelled before it started': ({ store }, { id }) => store.cancel(id, byHand()),
  'cancelled while it ran': async ({ store, worker }, { id }) => {
    const first = await worker()
    const claimed = await first.claimOne()
    await store.cancel(id, byHand())
    expect(await store.holder('job', 'k')).toBe(id)
    await first.settle(claimed, { kind: 'cancelled' })
  },
  'cancelled while it waited': async ({ store, worker }, { id }) => {
    const first = await worker()
    const claimed = await first.claimOne()
    await first.append(claimed, waiting('nap', 60_000))
    await first.settle(claimed, { kind: 'waiting', waits: [{ kind: 'time', path: 'nap', position: 1 }] })
    await store.cancel(id, byHand())
  },
  'cancelled while it was blocked': async ({ store, worker }, { id }) => {
    const first = await worker()
    await first.settle(await first.claimOne(), { kind: 'blocked', reason: 'why', digest: 'first' })
    await store.cancel(id, byHand())
  },
  expired: async ({ worker, advance }) => {
    advance(60_000)
    await (await worker()).claim(0)
  },
  'expired, though nobody has looked': async ({ advance }) => advance(60_000),
  convicted: async (contract) => {
    const { worker, advance } = contract
    const bodyLog = await worker({ jobs: [{ name: 'other', version: 1, queue: 'default', digest: '' }] })
    for (let losses = 0; losses <= 5; losses++) {
      if (losses > 0) advance(120_000)
      await bodyLog.renew()
      await (await worker()).claimOne()
      await contract.letLeaseExpire(bodyLog)
      await bodyLog.claim(0)
    }
  },
}

export function uniqueContract(open: Open): void {
  contractTest(open, 'an enqueue that created no run says whose duplicate it is', async ({ store }) => {
    const [first, joins, refused] = (['join', 'join', 'reject'] as const).map((onDuplicate) =>
      newRun({ unique: { key: 'k', until: 'finished', onDuplicate } }),
    ) as [NewRun, NewRun, NewRun]
    await store.enqueue([first, joins, refused])
    expect(await store.duplicateOf(joins.id)).toBe(first.id)
    expect(await store.duplicateOf(refused.id)).toBe(first.id)
    expect(await store.duplicateOf(first.id)).toBeUndefined()
  })

  contractTest(open, 'one run holds the key of its job; the next joins it', async ({ store }) => {
    const [first, second] = [unique(), unique()]
    expect(await store.holder('job', 'k')).toBeUndefined()
    expect(await store.enqueue([first])).toEqual([{ outcome: 'created', id: first.id }])
    expect(await store.enqueue([second])).toEqual([{ outcome: 'joined', id: first.id }])
    expect(await store.holder('job', 'k')).toBe(first.id)
    expect(await store.run(second.id)).toBeUndefined()
    expect(await store.run(first.id)).toMatchObject({ unique: { key: 'k', until: 'finished' } })
  })

  contractTest(open, 'other keys and other jobs are other runs', async ({ store }) => {
    const runs = [unique(), unique({ key: 'k2' }), unique({}, { job: 'job2' }), unique({}, { queue: 'mail' })]
    const answers = await store.enqueue(runs)
    expect(answers.map(({ outcome }) => outcome)).toEqual(['created', 'created', 'created', 'joined'])
    expect(await store.holder('job2', 'k')).toBe(runs[2]?.id)
  })

  contractTest(open, 'runs without a key conflict with none', async ({ store }) => {
    await store.enqueue([unique()])
    expect(await store.enqueue([newRun()])).toMatchObject([{ outcome: 'created' }])
    expect(await store.enqueue([newRun({ tags: ['k'], headers: { k: 'k' } })])).toMatchObject([
      { outcome: 'created' },
    ])
  })

  contractTest(open, 'a duplicate that may not join learns who holds the key', async ({ store }) => {
    const [first, second] = [unique(), unique({ onDuplicate: 'reject' })]
    await store.enqueue([first])
    const rejected = { outcome: 'rejected', id: second.id, reason: 'duplicate', holder: first.id }
    expect(await store.enqueue([second])).toEqual([rejected])
    expect((await store.runs({ limit: 5 })).runs).toHaveLength(1)
  })

  for (const [name, end] of Object.entries(ends)) {
    contractTest(
      open,
      `${name}: the key is free at once, and the next run's end frees it again`,
      async (contract) => {
        const { store } = contract
        const first = unique({}, { expiresInMs: 60_000 })
        await store.enqueue([first])
        await end(contract, first)
        expect(await store.holder('job', 'k')).toBeUndefined()
        const next = unique()
        expect(await store.enqueue([next])).toEqual([{ outcome: 'created', id: next.id }])
        expect(await store.run(first.id)).toMatchObject({
          state: name.split(/[ ,]/)[0]?.replace('convicted', 'failed'),
        })
        expect(await store.holder('job', 'k')).toBe(next.id)
        await store.cancel(next.id, byHand())
        expect(await store.holder('job', 'k')).toBeUndefined()
        expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
      },
    )
  }

  contractTest(open, 'losses, hand-overs, pauses and blocks keep the key with the run', async (contract) => {
    const { store, worker, advance } = contract
    const run = unique()
    await store.enqueue([run])
    const holds = async (state: string): Promise<void> => {
      expect(await store.run(run.id)).toMatchObject({ state })
      expect(await store.holder('job', 'k')).toBe(run.id)
      expect(await store.enqueue([unique()])).toEqual([{ outcome: 'joined', id: run.id }])
    }
    const [lost, bodyLog] = [await worker(), await worker()]
    const claimed = await lost.claimOne()
    await holds('running')
    await lost.append(claimed, done('a'))
    await contract.letLeaseExpire(bodyLog)
    await bodyLog.claim(0)
    await holds('ready')

    const second = await worker()
    await second.claimOne()
    await store.resign(second.lease, [])
    await holds('ready')

    const third = await worker()
    await third.settle(await third.claimOne(), { kind: 'retrying', error: plainError, delayMs: 1_000 })
    await holds('waiting')
    advance(1_000)
    const resumed = await third.claimOne()
    await third.append(resumed, waiting('nap', 5_000))
    const waits = [{ kind: 'time', path: 'nap', position: 2 }] as const
    await third.settle(resumed, { kind: 'waiting', waits })
    await holds('waiting')
    advance(5_000)
    await third.settle(await third.claimOne(), { kind: 'blocked', reason: 'why', digest: 'first' })
    await holds('blocked')
    await worker({ jobs: [{ name: 'job', version: 1, queue: 'default', digest: 'second' }] })
    await holds('ready')
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
  })

  contractTest(open, 'until started: one more queues behind the running one', async ({ store, worker }) => {
    const [first, second, third] = [unique(), unique(), unique()].map((run) => ({
      ...run,
      unique: { key: 'k', until: 'started', onDuplicate: 'join' } as const,
    })) as [NewRun, NewRun, NewRun]
    await store.enqueue([first])
    expect(await store.enqueue([second])).toEqual([{ outcome: 'joined', id: first.id }])
    const one = await worker()
    const claimed = await one.claimOne()
    expect(await store.holder('job', 'k')).toBeUndefined()
    expect(await store.enqueue([third])).toEqual([{ outcome: 'created', id: third.id }])
    // Neither its hand-over nor its end affects the key of the run behind it.
    await one.settle(claimed, { kind: 'released' })
    expect(await store.holder('job', 'k')).toBe(third.id)
    const again = await one.claimOne()
    expect(again.id).toBe(first.id)
    await one.settle(again, completed)
    expect(await store.holder('job', 'k')).toBe(third.id)
    expect(await store.run(third.id)).toMatchObject({ unique: { key: 'k', until: 'started' } })
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
  })

  contractTest(open, 'until started: a repeated claim frees no key of the next run', async (contract) => {
    const { store, worker } = contract
    await store.enqueue([unique({ until: 'started' })])
    const first = await worker()
    await first.claimReply(1, [], 1)
    const next = unique({ until: 'started' })
    await store.enqueue([next])
    await first.claimReply(1, [], 1)
    expect(await store.holder('job', 'k')).toBe(next.id)
  })

  contractTest(open, 'a window holds the key for its time, whatever happens to the run', async (contract) => {
    const { store, worker, advance, now } = contract
    const first = unique({ until: { ms: 10_000 } })
    await store.enqueue([first])
    expect(await store.run(first.id)).toMatchObject({ unique: { key: 'k', until: now() + 10_000 } })
    const one = await worker()
    await one.settle(await one.claimOne(), completed)
    advance(9_999)
    expect(await store.enqueue([unique()])).toEqual([{ outcome: 'joined', id: first.id }])
    expect(await store.holder('job', 'k')).toBe(first.id)
    advance(1)
    expect(await store.holder('job', 'k')).toBeUndefined()
    const next = unique({ until: { ms: 1 } })
    expect(await store.enqueue([next])).toEqual([{ outcome: 'created', id: next.id }])
  })

  contractTest(
    open,
    'a window ends with a manual removal, not with the retention',
    async (contract) => {
      const { store, advance } = contract
      const [pruned, removed] = [
        unique({ until: { ms: 90_000_000 } }),
        unique({ key: 'k2', until: { ms: 90_000_000 } }),
      ]
      await store.enqueue([pruned, removed])
      for (const { id } of [pruned, removed]) await store.cancel(id, byHand())
      await store.remove(removed.id, byHand())
      expect(await store.holder('job', 'k2')).toBeUndefined()
      advance(1_000)
      expect(await store.sweep(100)).toEqual({ pruned: 1, repaired: [] })
      expect(await store.holder('job', 'k')).toBe(pruned.id)
      expect(await store.enqueue([unique()])).toEqual([{ outcome: 'joined', id: pruned.id }])
      advance(90_000_000)
      expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
      expect(await store.enqueue([unique()])).toMatchObject([{ outcome: 'created' }])
    },
    { retention: { cancelled: '1s' } },
  )

  contractTest(open, 'the sweep of an old window leaves a newer one', async ({ store, advance }) => {
    await store.enqueue([unique({ until: { ms: 1_000 } })])
    advance(1_000)
    const next = unique({ until: { ms: 1_000 } })
    await store.enqueue([next])
    await store.sweep(100)
    expect(await store.holder('job', 'k')).toBe(next.id)
  })

  contractTest(open, 'replace supersedes a run that has not started', async (contract) => {
    const { store, worker, advance } = contract
    const first = unique({}, { start: { kind: 'in', ms: 5_000 } })
    const second = unique({ onDuplicate: 'replace' }, { start: { kind: 'in', ms: 5_000 } })
    const third = unique({ onDuplicate: 'replace' })
    await store.enqueue([first])
    advance(1_000)
    expect(await store.enqueue([second])).toEqual([
      { outcome: 'replaced', id: second.id, replaced: first.id },
    ])
    const reason = `replaced by run ${second.id}`
    expect(await store.run(first.id)).toMatchObject({ state: 'cancelled', by: 'enqueue', reason })
    expect(await store.history(first.id)).toMatchObject([{ kind: 'cancel', by: 'enqueue', reason }])
    expect(await store.enqueue([third])).toEqual([{ outcome: 'replaced', id: third.id, replaced: second.id }])
    expect((await (await worker()).claim()).map(({ id }) => id)).toEqual([third.id])
    expect(await store.holder('job', 'k')).toBe(third.id)
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
  })

  contractTest(
    open,
    'replace is refused once the holder has started, even while it waits',
    async (contract) => {
      const { store, worker } = contract
      const first = unique()
      await store.enqueue([first])
      const one = await worker()
      const claimed = await one.claimOne()
      const refused = async (): Promise<void> => {
        const late = unique({ onDuplicate: 'replace' })
        const duplicate = { outcome: 'rejected', id: late.id, reason: 'duplicate', holder: first.id }
        expect(await store.enqueue([late])).toEqual([duplicate])
      }
      await refused()
      await one.settle(claimed, { kind: 'released' })
      await refused()
      await one.settle(await one.claimOne(), { kind: 'retrying', error: plainError, delayMs: 60_000 })
      await refused()
    },
  )

  contractTest(open, 'replace begins a new window; an ended holder is not replaced', async (contract) => {
    const { store, advance } = contract
    const until = { ms: 10_000 }
    const [first, second] = [unique({ until }), unique({ until, onDuplicate: 'replace' })]
    await store.enqueue([first])
    advance(6_000)
    expect(await store.enqueue([second])).toMatchObject([{ outcome: 'replaced' }])
    advance(6_000)
    expect(await store.holder('job', 'k')).toBe(second.id)
    await store.cancel(second.id, byHand())
    expect(await store.enqueue([unique({ until, onDuplicate: 'replace' })])).toMatchObject([
      { outcome: 'rejected', reason: 'duplicate', holder: second.id },
    ])
  })

  contractTest(open, 'duplicates inside one call meet each other in order', async ({ store, worker }) => {
    const joins = [unique(), unique(), newRun(), unique({ onDuplicate: 'reject' })] as const
    const replaces = Array.from({ length: 4 }, () => unique({ key: 'r', onDuplicate: 'replace' }))
    const answers = await store.enqueue([...joins, ...replaces])
    expect(answers).toEqual([
      { outcome: 'created', id: joins[0].id },
      { outcome: 'joined', id: joins[0].id },
      { outcome: 'created', id: joins[2].id },
      { outcome: 'rejected', id: joins[3].id, reason: 'duplicate', holder: joins[0].id },
      { outcome: 'created', id: replaces[0]?.id },
      ...[1, 2, 3].map((i) => ({ outcome: 'replaced', id: replaces[i]?.id, replaced: replaces[i - 1]?.id })),
    ])
    const claimed = await (await worker()).claim()
    expect(claimed.map(({ id }) => id)).toEqual([joins[0].id, joins[2].id, replaces[3]?.id])
    const queues = await store.queues()
    expect(queues).toMatchObject([{ counts: { ready: 0, running: 3 } }])
    expect((await store.runs({ states: ['cancelled'], limit: 9 })).runs).toHaveLength(3)
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
  })

  contractTest(open, 'the same run twice in one call gets the same reply twice', async ({ store }) => {
    const [first, late] = [unique(), unique()]
    const answers = await store.enqueue([first, first, late, late])
    expect(answers.map(({ outcome, id }) => [outcome, id])).toEqual([
      ['created', first.id],
      ['joined', first.id],
      ['joined', first.id],
      ['joined', first.id],
    ])
  })

  contractTest(open, 'a run that is overdue when its own call replaces it expires', async ({ store }) => {
    const runs = [unique({}, { expiresInMs: 0 }), unique({}, { expiresInMs: 0 }), unique()]
    const answers = await store.enqueue(runs)
    expect(answers.map(({ outcome }) => outcome)).toEqual(['created', 'created', 'created'])
    expect(await store.holder('job', 'k')).toBe(runs[2]?.id)
    expect((await store.runs({ states: ['expired'], limit: 9 })).runs).toHaveLength(2)
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
  })

  contractTest(open, 'a known id is resolved before its key is checked', async ({ store, worker }) => {
    const run = unique({}, { inputDigest: 'a' })
    await store.enqueue([run])
    const one = await worker()
    await one.settle(await one.claimOne(), completed)
    await store.enqueue([unique()])
    expect(await store.enqueue([run])).toEqual([{ outcome: 'joined', id: run.id }])
    expect(await store.enqueue([{ ...run, inputDigest: 'b' }])).toMatchObject([{ reason: 'id conflict' }])
  })

  contractTest(open, 'a repeat gets the first reply, even after the holder’s end', async (contract) => {
    const { store, worker, advance } = contract
    const holder = unique()
    const joined = unique({}, { inputDigest: 'a' })
    const rejected = unique({ onDuplicate: 'reject' })
    await store.enqueue([holder])
    const answers = await store.enqueue([joined, rejected])
    expect(await store.enqueue([joined, rejected])).toEqual(answers)
    const one = await worker()
    await one.settle(await one.claimOne(), completed)
    expect(await store.enqueue([joined, rejected])).toEqual(answers)
    await store.remove(holder.id, byHand())
    advance(500_000)
    await store.sweep(100)
    expect(await store.enqueue([joined, rejected])).toEqual(answers)
    expect((await store.runs({ limit: 5 })).runs).toEqual([])
    // The same id for something else is none.
    expect(await store.enqueue([{ ...joined, inputDigest: 'b' }])).toMatchObject([{ reason: 'id conflict' }])
    const canonical = { ...joined, inputDigest: 'b', canonicalDigest: 'a' }
    expect(await store.enqueue([canonical])).toEqual([answers[0]])
    advance(200_000)
    await store.sweep(100)
    expect(await store.enqueue([joined])).toEqual([{ outcome: 'created', id: joined.id }])
  })

  contractTest(open, 'a reply is retained for every form of the input', async ({ store }) => {
    await store.enqueue([unique()])
    const late = unique({}, { inputDigest: 'w', canonicalDigest: 'c' })
    const answers = await store.enqueue([late])
    const forms = [{ inputDigest: 'x', canonicalDigest: 'c' }, { inputDigest: 'c' }, { inputDigest: 'w' }]
    for (const form of forms) {
      expect(await store.enqueue([{ ...late, canonicalDigest: undefined, ...form } as NewRun])).toEqual(
        answers,
      )
    }
    const others = [{ inputDigest: 'x' }, { inputDigest: 'x', canonicalDigest: 'w' }]
    for (const form of others) {
      const other = { ...late, canonicalDigest: undefined, ...form } as NewRun
      expect(await store.enqueue([other])).toMatchObject([{ reason: 'id conflict' }])
    }
  })

  contractTest(open, 'a repeated replacement replaces nothing more', async ({ store, worker }) => {
    const [first, second] = [unique(), unique({ onDuplicate: 'replace' })]
    await store.enqueue([first])
    const answers = await store.enqueue([second])
    expect(await store.enqueue([second])).toEqual(answers)
    const one = await worker()
    await one.settle(await one.claimOne(), completed)
    const third = unique()
    await store.enqueue([third])
    expect(await store.enqueue([second])).toEqual(answers)
    expect(await store.run(third.id)).toMatchObject({ state: 'ready' })
    expect(await store.holder('job', 'k')).toBe(third.id)
  })

  contractTest(open, 'a manual retry takes the key again', async ({ store, worker }) => {
    const [first, second] = [unique(), unique({ key: 's', until: 'started' })]
    await store.enqueue([first, second])
    const one = await worker()
    for (const run of await one.claim()) await one.settle(run, { kind: 'failed', error: plainError })
    for (const { id } of [first, second]) await store.retry(id, {}, byHand())
    expect(await store.holder('job', 'k')).toBe(first.id)
    expect(await store.holder('job', 's')).toBe(second.id)
    await one.claim()
    expect(await store.holder('job', 'k')).toBe(first.id)
    expect(await store.holder('job', 's')).toBeUndefined()
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
  })

  contractTest(
    open,
    'a retry is refused while another run holds the key, and changes nothing',
    async (contract) => {
      const { store } = contract
      const [first, second] = [unique(), unique({}, { expiresInMs: 1_000 })]
      await store.enqueue([first])
      await store.cancel(first.id, byHand())
      await store.enqueue([second])
      const before = await store.run(first.id)
      const write = byHand()
      const refused = { code: 'DUPLICATE_RUN', runId: second.id }
      await expect(store.planRetry(first.id, {})).rejects.toMatchObject(refused)
      await expect(store.retry(first.id, {}, write)).rejects.toMatchObject(refused)
      expect(await store.run(first.id)).toEqual(before)
      expect(await store.history(first.id)).toHaveLength(1)
      // Its time to start is over: it holds nothing any more.
      contract.advance(1_000)
      expect(await store.planRetry(first.id, {})).toEqual({ runsAgain: [], keeps: [] })
      await store.retry(first.id, {}, write)
      expect(await store.holder('job', 'k')).toBe(first.id)
      expect(await store.run(second.id)).toMatchObject({ state: 'expired' })
      expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
    },
  )

  contractTest(
    open,
    'within a window a superseded run is not retried, afterwards it is',
    async (contract) => {
      const { store, advance } = contract
      const until = { ms: 10_000 }
      const [first, second] = [unique({ until }), unique({ until, onDuplicate: 'replace' })]
      await store.enqueue([first, second])
      await expect(store.retry(first.id, {}, byHand())).rejects.toMatchObject({ runId: second.id })
      await expect(store.planRetry(first.id, {})).rejects.toMatchObject({ runId: second.id })
      await store.cancel(second.id, byHand())
      await store.retry(second.id, {}, byHand())
      advance(10_000)
      expect(await store.planRetry(first.id, {})).toEqual({ runsAgain: [], keeps: [] })
      await store.retry(first.id, {}, byHand())
      expect(await store.holder('job', 'k')).toBeUndefined()
    },
  )

  contractTest(open, 'a blocked run that is retried keeps its key', async ({ store, worker }) => {
    const run = unique()
    await store.enqueue([run])
    const one = await worker()
    await one.settle(await one.claimOne(), { kind: 'blocked', reason: 'why', digest: 'first' })
    await store.retry(run.id, {}, byHand())
    expect(await store.holder('job', 'k')).toBe(run.id)
  })

  contractTest(open, 'two connections that enqueue at once make one run', async ({ store, another }) => {
    const other = await another()
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? store : other).enqueue([unique()])),
    )
    const outcomes = answers.flat().map(({ outcome }) => outcome)
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
    expect(new Set(answers.flat().map(({ id }) => id)).size).toBe(1)
    expect((await store.runs({ limit: 5 })).runs).toHaveLength(1)
  })

  contractTest(open, 'hundreds of keyed runs beside others get replies in order', async ({ store }) => {
    const runs = Array.from({ length: 500 }, (_, i) =>
      i % 2 === 0 ? newRun() : unique({ key: `k${i % 50}` }, { tags: ['t'] }),
    )
    const answers = await store.enqueue(runs)
    for (const [i, answer] of answers.entries()) {
      const first = i % 2 === 0 ? i : i % 50
      expect(answer).toEqual({ outcome: i === first ? 'created' : 'joined', id: runs[first]?.id })
    }
  })

  contractTest(
    open,
    'one sweep removes the traces of thousands of duplicates',
    async ({ store, advance }) => {
      await store.enqueue([unique()])
      const late = Array.from({ length: 4_500 }, () => unique())
      for (let i = 0; i < late.length; i += 500) await store.enqueue(late.slice(i, i + 500))
      advance(600_000)
      await store.sweep(100)
      await store.cancel((await store.holder('job', 'k')) ?? '', byHand())
      const [first, last] = [late.slice(0, 1), late.slice(-1)]
      expect(await store.enqueue(first)).toMatchObject([{ outcome: 'created' }])
      expect(await store.enqueue(last)).toEqual([{ outcome: 'joined', id: first[0]?.id }])
    },
  )

  for (const [name, end] of Object.entries(ends)) {
    contractTest(open, `${name}: the canonical key is free too`, async (contract) => {
      const { store } = contract
      const first = unique({ canonicalKey: 'c' }, { expiresInMs: 60_000 })
      await store.enqueue([first])
      expect(await store.holder('job', 'c')).toBe(first.id)
      await end(contract, first)
      for (const key of ['k', 'c']) expect(await store.holder('job', key)).toBeUndefined()
      expect(await store.enqueue([unique(), unique({ key: 'c' })])).toMatchObject([
        { outcome: 'created' },
        { outcome: 'created' },
      ])
      expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
    })
  }

  /** `w` is the written key of one input, `x` that of an equal one, `c` the canonical key of both. */
  const meetings: readonly [string, Partial<UniqueClaim>, Partial<UniqueClaim>][] = [
    ['two equal inputs', { key: 'w', canonicalKey: 'c' }, { key: 'x', canonicalKey: 'c' }],
    ['an equal input in canonical form', { key: 'w', canonicalKey: 'c' }, { key: 'c' }],
    ['the canonical form, then an equal input', { key: 'c' }, { key: 'w', canonicalKey: 'c' }],
    ['the same input of an earlier release', { key: 'w', canonicalKey: 'c' }, { key: 'w' }],
    ['one of an earlier release, then the same input', { key: 'w' }, { key: 'w', canonicalKey: 'c' }],
  ]
  for (const [name, one, other] of meetings) {
    contractTest(
      open,
      `${name}: one run is live, whatever option the second has`,
      async ({ store, worker }) => {
        const first = unique(one)
        await store.enqueue([first])
        const [joins, rejected, replaces] = (['join', 'reject', 'replace'] as const).map((onDuplicate) =>
          unique({ ...other, onDuplicate }),
        ) as [NewRun, NewRun, NewRun]
        expect(await store.enqueue([joins, rejected, replaces])).toEqual([
          { outcome: 'joined', id: first.id },
          { outcome: 'rejected', id: rejected.id, reason: 'duplicate', holder: first.id },
          { outcome: 'replaced', id: replaces.id, replaced: first.id },
        ])
        const ready = (await store.runs({ states: ['ready'], limit: 9 })).runs
        expect(ready.map(({ id }) => id)).toEqual([replaces.id])
        await expect(store.planRetry(first.id, {})).rejects.toMatchObject({ runId: replaces.id })
        await expect(store.retry(first.id, {}, byHand())).rejects.toMatchObject({ runId: replaces.id })
        await (await worker()).claimOne()
        expect(await store.enqueue([unique({ ...one, onDuplicate: 'replace' })])).toMatchObject([
          { reason: 'duplicate', holder: replaces.id },
        ])
        expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
      },
    )
  }

  contractTest(
    open,
    'a run that blocks both keys is replaced with the other, or neither is',
    async (contract) => {
      const { store, worker } = contract
      const [one, other] = [unique({ key: 'w' }), unique({ key: 'c' })]
      const both = { key: 'w', canonicalKey: 'c', onDuplicate: 'replace' } as const
      await store.enqueue([one])
      const busy = await worker()
      const claimed = await busy.claimOne()
      await store.enqueue([other])
      expect(await store.enqueue([unique(both)])).toMatchObject([{ reason: 'duplicate', holder: one.id }])
      expect(await store.run(other.id)).toMatchObject({ state: 'ready' })
      await busy.settle(claimed, completed)
      const [again, last] = [unique({ key: 'w' }), unique(both)]
      await store.enqueue([again])
      expect(await store.enqueue([last])).toMatchObject([{ outcome: 'replaced', replaced: other.id }])
      for (const { id } of [again, other]) expect(await store.run(id)).toMatchObject({ state: 'cancelled' })
      for (const key of ['w', 'c']) expect(await store.holder('job', key)).toBe(last.id)
    },
  )

  contractTest(open, 'a window, a retry and a removal cover both keys', async ({ store, advance }) => {
    const both = { key: 'w', canonicalKey: 'c' }
    const until = { ms: 10_000 }
    const held = async (): Promise<unknown[]> =>
      Promise.all(['w', 'c'].map((key) => store.holder('job', key)))
    const [first, second, third] = [unique(both), unique({ ...both, until }), unique({ ...both, until })]
    await store.enqueue([first])
    expect(await store.run(first.id)).toMatchObject({ unique: { ...both, until: 'finished' } })
    await store.cancel(first.id, byHand())
    await store.retry(first.id, {}, byHand())
    expect(await held()).toEqual([first.id, first.id])
    await store.cancel(first.id, byHand())
    await store.enqueue([second])
    await store.cancel(second.id, byHand())
    expect(await held()).toEqual([second.id, second.id])
    await store.remove(second.id, byHand())
    expect(await held()).toEqual([undefined, undefined])
    await store.enqueue([third])
    advance(10_000)
    await store.sweep(100)
    expect(await held()).toEqual([undefined, undefined])
  })

  contractTest(open, 'lists show the keys of runs', async ({ store }) => {
    await store.enqueue([unique({ key: 'ключ of a "file", 100 %' }), newRun()])
    const { runs } = await store.runs({ limit: 5 })
    expect(runs.map(({ unique }) => unique)).toEqual([
      undefined,
      { key: 'ключ of a "file", 100 %', until: 'finished' },
    ])
  })
}
