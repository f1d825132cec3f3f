import { expect } from 'vitest'
import type { UniqueClaim } from '../../../runtime/model/unique.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import type { EnqueueReply, Store } from '../../../runtime/store/store.ts'
import { byHand, newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { contractTest } from '../contract-test.ts'

/** Calls that share a round trip to the store: each gets the reply it would get alone, in the order of the calls. */
async function together(store: Store, runs: readonly NewRun[]): Promise<readonly EnqueueReply[]> {
  return (await Promise.all(runs.map((run) => store.enqueue([run])))).flat()
}

async function oneByOne(store: Store, runs: readonly NewRun[]): Promise<readonly EnqueueReply[]> {
  const answers: EnqueueReply[] = []
  for (const run of runs) answers.push(...(await store.enqueue([run])))
  return answers
}

async function oldestFirst(store: Store, limit = 100): Promise<readonly string[]> {
  return (await store.runs({ order: 'oldest', limit })).runs.map(({ id }) => id)
}

const held = (key: string, onDuplicate: UniqueClaim['onDuplicate']): Partial<NewRun> => ({
  unique: { key, until: 'finished', onDuplicate },
})

/** Calls with one id, `name` in each: how they differ, and what the store has before. */
const groups: readonly (readonly [string, (name: string) => readonly Partial<NewRun>[]])[] = [
  ['the same input', () => [{}, {}]],
  ['another input', () => [{ inputDigest: 'a' }, { inputDigest: 'b' }]],
  ['another job', () => [{}, { job: 'other' }]],
  ['a free unique key', (name) => [held(`${name} free`, 'join'), held(`${name} free`, 'join')]],
  ['a held unique key that is joined', (name) => [held(name, 'join'), held(name, 'join')]],
  ['a held unique key that is refused', (name) => [held(name, 'reject'), held(name, 'reject')]],
  ['a held unique key that is replaced', (name) => [held(name, 'replace'), held(name, 'replace')]],
  [
    'a held unique key, and another input',
    (name) => [
      { ...held(name, 'join'), inputDigest: 'a' },
      { ...held(name, 'join'), inputDigest: 'b' },
    ],
  ],
  ['a held unique key that is joined, and another job', (name) => [held(name, 'join'), { job: 'other' }]],
  ['a held unique key that is refused, and another job', (name) => [held(name, 'reject'), { job: 'other' }]],
  ['a held unique key that is refused, and no key', (name) => [held(name, 'reject'), {}]],
  ['a held unique key that is replaced, and no key', (name) => [held(name, 'replace'), {}]],
  ['no key, and a held one', (name) => [{}, held(name, 'reject')]],
  [
    'a held unique key, and another job with its own',
    (name) => [held(name, 'reject'), { job: 'other', ...held(name, 'reject') }],
  ],
  [
    'a held unique key, another job, and both again',
    (name) => [held(name, 'join'), { job: 'other' }, held(name, 'join'), { job: 'other' }],
  ],
]

export function sharedEnqueuesContract(open: Open): void {
  contractTest(open, 'concurrent calls get their own replies, and keep their order', async ({ store }) => {
    const calls = Array.from({ length: 40 }, (_, i) => Array.from({ length: 1 + (i % 3) }, () => newRun()))
    const answers = await Promise.all(calls.map((runs) => store.enqueue(runs)))
    const created = calls.map((runs) => runs.map(({ id }) => ({ outcome: 'created', id })))
    expect(answers).toEqual(created)
    expect(await oldestFirst(store)).toEqual(calls.flat().map(({ id }) => id))
  })

  contractTest(open, 'more concurrent calls than one trip takes all get replies', async ({ store }) => {
    const runs = Array.from({ length: 1_200 }, () => newRun())
    const answers = await together(store, runs)
    expect(answers).toEqual(runs.map(({ id }) => ({ outcome: 'created', id })))
    expect(await oldestFirst(store, 500)).toEqual(runs.slice(0, 500).map(({ id }) => id))
  })

  for (const [what, callsOf] of groups) {
    contractTest(
      open,
      `one id in several calls, ${what}: concurrent calls get the replies of sequential ones`,
      async ({ store }) => {
        const told: string[] = []
        for (const [name, way] of [
          ['apart', oneByOne],
          ['shared', together],
        ] as const) {
          await store.enqueue([newRun({ id: `holder ${name}`, ...held(name, 'join') })])
          const runs = callsOf(name).map((over) => newRun({ ...over, id: `run ${name}` }))
          const answers = await way(store, runs)
          told.push(JSON.stringify([answers, await store.run(`run ${name}`)]).replaceAll(name, 'NAME'))
        }
        expect(told[1]).toBe(told[0])
      },
    )
  }

  contractTest(open, 'one id in many concurrent calls is one run', async ({ store }) => {
    const run = newRun()
    const answers = await together(store, Array<NewRun>(20).fill(run))
    expect(answers.map(({ outcome }) => outcome)).toEqual(['created', ...Array<string>(19).fill('joined')])
    expect(await oldestFirst(store)).toEqual([run.id])
  })

  contractTest(open, 'the first of concurrent calls holds their unique key', async ({ store }) => {
    const runs = (['join', 'join', 'reject'] as const).map((onDuplicate) => newRun(held('k', onDuplicate)))
    const [first, second, third] = runs.map(({ id }) => id)
    expect(await together(store, runs)).toEqual([
      { outcome: 'created', id: first },
      { outcome: 'joined', id: first },
      { outcome: 'rejected', id: third, reason: 'duplicate', holder: first },
    ])
    const [replacing, last] = [newRun(held('k', 'replace')), newRun(held('k', 'join'))]
    expect(await together(store, [replacing, last])).toEqual([
      { outcome: 'replaced', id: replacing.id, replaced: first },
      { outcome: 'joined', id: replacing.id },
    ])
    expect(await store.duplicateOf(second ?? '')).toBe(first)
  })

  contractTest(open, 'known, removed and new runs share a trip', async ({ store }) => {
    const [known, removed, fresh] = [newRun(), newRun(), newRun()]
    await store.enqueue([known, removed])
    await store.cancel(removed.id, byHand())
    await store.remove(removed.id, byHand())
    expect(await together(store, [known, fresh, removed])).toEqual([
      { outcome: 'joined', id: known.id },
      { outcome: 'created', id: fresh.id },
      { outcome: 'joined', id: removed.id },
    ])
    expect(await oldestFirst(store)).toEqual([known.id, fresh.id])
  })

  contractTest(open, 'a call that the store can’t carry out fails only its own caller', async ({ store }) => {
    const [before, after] = [newRun(), newRun()]
    const impossible = newRun({ queue: undefined as never })
    const ends = await Promise.allSettled([
      store.enqueue([before]),
      store.enqueue([newRun(), impossible]),
      store.enqueue([after]),
    ])
    expect(ends).toMatchObject([
      { status: 'fulfilled', value: [{ outcome: 'created', id: before.id }] },
      { status: 'rejected' },
      { status: 'fulfilled', value: [{ outcome: 'created', id: after.id }] },
    ])
    expect(await oldestFirst(store)).toEqual([before.id, after.id])
  })
}
