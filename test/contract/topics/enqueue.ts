import { expect } from 'vitest'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import { byHand, newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

export function enqueueContract(open: Open): void {
  contractTest(open, 'a new run is created and ready', async ({ store, now }) => {
    const run = newRun({ tags: ['eu'], headers: { trace: 't1' }, priority: 5, queue: 'mail', version: 3 })
    expect(await store.enqueue([run])).toEqual([{ outcome: 'created', id: run.id }])
    expect(await store.run(run.id)).toMatchObject({
      ...{ id: run.id, job: 'job', version: 3, queue: 'mail', priority: 5, state: 'ready' },
      ...{ tags: ['eu'], headers: { trace: 't1' }, attempt: 1, losses: 0, position: 0, enqueuedAt: now() },
      input: run.input,
    })
  })

  contractTest(open, 'the same id with the same input joins, also within one call', async ({ store }) => {
    const run = newRun({ inputDigest: 'a' })
    const answers = await store.enqueue([run, run])
    expect(answers.map(({ outcome }) => outcome)).toEqual(['created', 'joined'])
    expect(await store.enqueue([run])).toEqual([{ outcome: 'joined', id: run.id }])
    expect((await store.runs({ limit: 10 })).runs).toHaveLength(1)
  })

  contractTest(
    open,
    'the same id with another input or job is rejected and changes nothing',
    async ({ store }) => {
      const run = newRun({ inputDigest: 'a' })
      await store.enqueue([run])
      const rejected = { outcome: 'rejected', id: run.id, reason: 'id conflict' }
      expect(await store.enqueue([{ ...run, inputDigest: 'b', priority: 9 }])).toEqual([rejected])
      expect(await store.enqueue([{ ...run, job: 'other' }])).toEqual([rejected])
      expect(await store.run(run.id)).toMatchObject({ job: 'job', priority: 0 })
    },
  )

  /** `w` is the written digest of one input, `x` that of an equal one, `c` the canonical digest of both. */
  const sameInput: readonly [string, Partial<NewRun>, Partial<NewRun>][] = [
    [
      'two equal inputs',
      { inputDigest: 'w', canonicalDigest: 'c' },
      { inputDigest: 'x', canonicalDigest: 'c' },
    ],
    ['an equal input in canonical form', { inputDigest: 'w', canonicalDigest: 'c' }, { inputDigest: 'c' }],
    [
      'the canonical form, then an equal input',
      { inputDigest: 'c' },
      { inputDigest: 'w', canonicalDigest: 'c' },
    ],
    [
      'the same input of an earlier release',
      { inputDigest: 'w', canonicalDigest: 'c' },
      { inputDigest: 'w' },
    ],
    ['one of an earlier release', { inputDigest: 'w' }, { inputDigest: 'w', canonicalDigest: 'c' }],
  ]
  for (const [name, one, other] of sameInput) {
    contractTest(open, `${name} with one id are one run, also within one call`, async ({ store }) => {
      const [first, second] = [newRun(one), newRun(one)]
      await store.enqueue([first])
      expect(await store.enqueue([newRun({ ...other, id: first.id })])).toMatchObject([{ outcome: 'joined' }])
      const answers = await store.enqueue([second, newRun({ ...other, id: second.id })])
      expect(answers.map(({ outcome }) => outcome)).toEqual(['created', 'joined'])
    })
  }

  contractTest(open, 'another canonical digest is another input', async ({ store }) => {
    const run = newRun({ inputDigest: 'w', canonicalDigest: 'c' })
    await store.enqueue([run])
    for (const form of [{ canonicalDigest: 'd' }, { canonicalDigest: 'w' }, {}]) {
      const other = newRun({ id: run.id, inputDigest: 'x', ...form })
      expect(await store.enqueue([other])).toMatchObject([{ reason: 'id conflict' }])
    }
  })

  contractTest(open, 'an ended run is still joined by its id', async ({ store, worker }) => {
    const run = newRun()
    await store.enqueue([run])
    const first = await worker()
    await first.settle(await first.claimOne(), completed)
    expect(await store.enqueue([run])).toEqual([{ outcome: 'joined', id: run.id }])
    expect(await store.run(run.id)).toMatchObject({ state: 'completed' })
  })

  contractTest(open, 'a late repeat of a removed run creates no second one', async ({ store, advance }) => {
    const run = newRun()
    await store.enqueue([run])
    await store.cancel(run.id, byHand())
    await store.remove(run.id, byHand())
    advance(60_000)
    expect(await store.enqueue([run])).toEqual([{ outcome: 'joined', id: run.id }])
    expect(await store.run(run.id)).toBeUndefined()
  })

  contractTest(open, 'a delayed run is scheduled and becomes ready at its time', async (contract) => {
    const { store, worker, advance, now } = contract
    const [soon, at] = [
      newRun({ start: { kind: 'in', ms: 5_000 } }),
      newRun({ start: { kind: 'at', at: now() + 8_000 } }),
    ]
    await store.enqueue([soon, at])
    expect(await store.run(soon.id)).toMatchObject({ state: 'scheduled', dueAt: now() + 5_000 })
    expect(await store.run(at.id)).toMatchObject({ state: 'scheduled', dueAt: now() + 8_000 })

    const first = await worker()
    const early = await first.claimReply()
    expect(early).toMatchObject({ runs: [], nextDueInMs: 5_000 })
    advance(4_999)
    expect(await first.claim()).toEqual([])
    advance(1)
    expect((await first.claimOne()).id).toBe(soon.id)
    advance(3_000)
    expect((await first.claimOne()).id).toBe(at.id)
  })

  contractTest(open, 'an instant in the past means now', async ({ store, now }) => {
    const run = newRun({ start: { kind: 'at', at: now() - 1 } })
    await store.enqueue([run])
    expect(await store.run(run.id)).toMatchObject({ state: 'ready' })
  })

  contractTest(open, 'a run not started within its expiry is expired', async ({ store, worker, advance }) => {
    const [ready, delayed] = [
      newRun({ expiresInMs: 1_000 }),
      newRun({ expiresInMs: 1_000, start: { kind: 'in', ms: 500 } }),
    ]
    await store.enqueue([ready, delayed])
    const first = await worker({ jobs: [{ name: 'other', version: 1, queue: 'default', digest: '' }] })
    advance(1_200)
    await first.claim()
    expect(await store.run(ready.id)).toMatchObject({ state: 'expired' })
    expect(await store.run(delayed.id)).toMatchObject({ state: 'ready' })
    advance(300)
    await first.claim()
    expect(await store.run(delayed.id)).toMatchObject({ state: 'expired' })
  })

  contractTest(
    open,
    'none of thousands of runs that expire at once is started',
    async ({ store, worker, advance }) => {
      for (let i = 0; i < 4; i++) {
        await store.enqueue(Array.from({ length: 400 }, () => newRun({ expiresInMs: 1_000 })))
      }
      const first = await worker()
      advance(1_000)
      for (let i = 0; i < 6; i++) expect(await first.claim(100)).toEqual([])
      expect((await store.runs({ states: ['ready'], limit: 10 })).runs).toEqual([])
    },
  )

  contractTest(open, 'a run that has started never expires', async ({ store, worker, advance }) => {
    const run = newRun({ expiresInMs: 1_000 })
    await store.enqueue([run])
    const first = await worker()
    const claimed = await first.claimOne()
    await first.settle(claimed, { kind: 'released' })
    advance(2_000)
    expect((await first.claimOne()).id).toBe(run.id)
  })

  contractTest(open, 'hundreds of runs in one call all get replies in order', async ({ store }) => {
    const runs = Array.from({ length: 500 }, () => newRun())
    const answers = await store.enqueue(runs)
    expect(answers.map(({ id }) => id)).toEqual(runs.map(({ id }) => id))
    expect(answers.every(({ outcome }) => outcome === 'created')).toBe(true)
  })
}
