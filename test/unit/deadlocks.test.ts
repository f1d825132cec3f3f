import { expect, test } from 'vitest'
import { deadlockCheck, deadlockRemedy, deadlockText } from '../../runtime/store/deadlock-check.ts'
import { findDeadlocks } from '../../runtime/store/deadlocks.ts'
import type { SuspendedRun, WaitGraph } from '../../runtime/store/wait-graph.ts'

/** Keys of one limiter, as text: `a` is key a of which there is one, `2a` two of key a. */
type Keys = string

function weights(keys: Keys): { limiter: string; key: string; weight: number }[] {
  return [...keys.matchAll(/(\d?)([a-z])/g)].map(([, n, key]) => ({
    ...{ limiter: 'lim', key: key ?? '', weight: Number(n || 1) },
  }))
}

/** A suspended run: its holds, and the limits that each of its waits needs together; `max` is the limit of each key. */
function run(id: string, holds: Keys, waits: readonly Keys[], max = 1): SuspendedRun {
  const needs = waits.map((keys) => weights(keys).map((need) => ({ ...need, max })))
  return { id, holds: weights(holds), waits: needs.map((each, i) => ({ path: `step ${i}`, needs: each })) }
}

function found(runs: readonly SuspendedRun[], of?: string): string[] {
  return findDeadlocks({ runs }, of).map((deadlock) => deadlock.runs.map(({ id }) => id).join(' '))
}

const pair = [run('A', 'a', ['b']), run('B', 'b', ['a'])]

test('runs that wait for each other are found, in the order of their waits', () => {
  expect(found(pair)).toEqual(['A B'])
  expect(found([run('A', 'a', ['c']), run('B', 'b', ['a']), run('C', 'c', ['b'])])).toEqual(['A C B'])
  expect(found([...pair, run('C', 'c', ['d']), run('D', 'd', ['c'])])).toEqual(['A B', 'C D'])
})

test('without a cycle there is none: a holder that was not read can continue', () => {
  expect(found([])).toEqual([])
  expect(found([run('A', 'a', ['b'])])).toEqual([])
  expect(found([run('A', 'a', ['b']), run('B', 'b', ['c']), run('C', 'c', ['d'])])).toEqual([])
  expect(found([run('A', 'a', []), run('B', 'b', ['a'])])).toEqual([])
})

test('all holders that make no room must be stuck', () => {
  const [first, second, third] = [run('A', 'a', ['b'], 2), run('C', 'a', ['b'], 2), run('B', '2b', ['a'], 2)]
  expect(found([first, third])).toEqual([])
  expect(found([first, second, third])).toEqual(['A B C'])
  // A larger cost finds no room beside one of them.
  expect(found([first, run('B', '2b', ['2a'], 2)])).toEqual(['A B'])
})

test('one of several waits that can continue is enough, and one wait needs all its limits open', () => {
  expect(found([run('A', 'a', ['b', 'c']), run('B', 'b', ['a'])])).toEqual([])
  expect(found([run('A', 'a', ['cb']), run('B', 'b', ['a'])])).toEqual(['A B'])
})

test('a run behind a deadlock is in none but reports it; one beside it does not', () => {
  const runs = [...pair, run('C', '', ['a']), run('D', 'd', ['e']), run('E', 'e', ['a'])]
  expect(found(runs)).toEqual(['A B'])
  for (const of of ['A', 'B', 'C', 'D', 'E']) expect(found(runs, of)).toEqual(['A B'])
  expect(found([...pair, run('C', '', ['c'])], 'C')).toEqual([])
  expect(found(pair, 'none')).toEqual([])
})

test('a waiter behind a stuck waiter waits for it, unless that one waits elsewhere', () => {
  const behind = { run: 'H', limiter: 'lim', key: 'a' }
  const second: SuspendedRun = {
    ...run('B', 'b', [], 2),
    waits: [{ path: '', needs: [{ limiter: 'lim', key: 'a', weight: 1, max: 2 }], behind }],
  }
  const first = run('A', 'a', ['2b'], 2)
  expect(found([first, second, run('H', '', ['2a'], 2)])).toEqual(['A B H'])
  expect(found([first, second, run('H', '', ['2b'], 2)])).toEqual([])
})

test('a deadlock’s text says what each run holds and waits for, and what to do', async () => {
  const [deadlock] = findDeadlocks({ runs: pair })
  if (deadlock === undefined) expect.unreachable('a deadlock')
  const text =
    "2 runs wait for each other's limiters and can't go on: run A holds 'lim' of key 'a' and waits for 'lim' of key 'b' in step 'step 0', run B holds 'lim' of key 'b' and waits for 'lim' of key 'a' in step 'step 0'"
  expect(deadlockText(deadlock)).toBe(text)
  expect(deadlockRemedy(deadlock)).toMatch(/^cancel a run of the deadlock \(durable-jobs cancel A\)/)
  const many = Array.from({ length: 8 }, (_, i) => run(`R${i}`, 'abcdefgh'[i] ?? '', ['bcdefgha'[i] ?? '']))
  const [long] = findDeadlocks({ runs: many })
  expect(long && deadlockText(long)).toMatch(/^8 runs .*: run R0 .* run R4 .*'e'.*, and 3 more runs$/)
})

test('doctor’s check reads page by page, and counts a deadlock once', async () => {
  const pages: WaitGraph[] = [
    { runs: pair, next: 'second' },
    { runs: [...pair].reverse(), next: 'third' },
    { runs: [] },
  ]
  const asked: object[] = []
  const waitGraph = async (from: object): Promise<WaitGraph> => {
    asked.push(from)
    return pages[asked.length - 1] ?? { runs: [] }
  }
  const check = await deadlockCheck({ waitGraph })
  expect(asked).toEqual([{}, { after: 'second' }, { after: 'third' }])
  expect(check).toMatchObject({
    name: 'deadlocks',
    verdict: 'fault',
    found: expect.stringMatching(/^2 runs [^;]*$/),
  })
  expect(await deadlockCheck({ waitGraph: async () => ({ runs: [] }) })).toEqual({
    ...{ name: 'deadlocks', verdict: 'fine', found: 'none' },
  })
})
