import { describe, expect, test } from 'vitest'
import { findFailure, wholeFingerprint } from '../../../runtime/cli/whole-fingerprint.ts'
import { wholeActionId, wholeIds } from '../../../runtime/cli/whole-ids.ts'
import { newRunId } from '../../../runtime/model/run-id.ts'
import type { Inspector } from '../../../runtime/store/store.ts'

const [one, two] = ['01k3aaaaaaaaaaaaaaaaaaaaaa', '01k3aaaaaabbbbbbbbbbbbbbbb'] as const
const own = 'invoice-17'

/** The runs that a store reads of these, newest first. */
function inspectorOf(given: {
  readonly runs?: readonly string[]
  readonly actions?: readonly string[]
  readonly fingerprints?: readonly string[]
}): Inspector {
  const { runs = [], actions = [], fingerprints = [] } = given
  const things = (ids: readonly string[]): { id: string }[] => ids.map((id) => ({ id }))
  const reads = {
    run: async (id: string) => things(runs).find((run) => run.id === id),
    runs: async () => ({ runs: things(runs), looked: runs.length }),
    action: async (id: string) => things(actions).find((action) => action.id === id),
    actions: async () => things(actions),
    failures: async ({ fingerprint = '', limit }: { fingerprint?: string; limit: number }) =>
      fingerprints
        .filter((known) => known.startsWith(fingerprint))
        .toSorted((a, b) => Number(b === fingerprint) - Number(a === fingerprint))
        .slice(0, limit)
        .map((known) => ({ fingerprint: known })),
  }
  return reads as unknown as Inspector
}

describe('the id of a run', () => {
  const inspector = inspectorOf({ runs: [one, two, own] })

  test('is completed if a generated id begins with it', async () => {
    expect(await wholeIds(inspector, [one.slice(0, 12), two, own])).toEqual([one, two, own])
    await expect(wholeIds(inspector, [one.slice(0, 10)])).rejects.toThrow(
      "2 runs begin with '01k3aaaaaa': 01k3aaaaaaaaaaaaaaaaaaaaaa, 01k3aaaaaabbbbbbbbbbbbbbbb; type more of the id",
    )
  })

  test('is unchanged if it may be complete', async () => {
    const typed = ['invoice-1', 'invoice-', '01k3', newRunId(0)]
    expect(await wholeIds(inspector, typed)).toEqual(typed)
    expect(
      await wholeIds(inspectorOf({ runs: [own, '20251129120000-a', '20251129120001'] }), ['2025112912']),
    ).toEqual(['2025112912'])
  })
})

test('the id of an action is completed likewise', async () => {
  const actions = [`act_${one}`, `act_${two}`, 'act_20251129120000']
  const whole = (typed: string): Promise<string> => wholeActionId(inspectorOf({ actions }), typed)
  expect(await whole('act_01k3aaaaaab')).toBe(`act_${two}`)
  await expect(whole('act_01k3aaaaaa')).rejects.toThrow("2 actions begin with 'act_01k3aaaaaa'")
  for (const typed of ['act_01k3', 'act_2025112912', '01k3aaaaaab', `act_${one}`])
    expect(await whole(typed)).toBe(typed)
})

describe('a failure', () => {
  test('is completed if one digest begins with it', async () => {
    const inspector = inspectorOf({ fingerprints: ['f1:aa0000000000', 'f1:ab0000000000'] })
    for (const typed of ['aa', 'f1:aa00'])
      expect(await wholeFingerprint(inspector, typed)).toBe('f1:aa0000000000')
    for (const typed of ['a', '', 'f1:']) {
      await expect(findFailure(inspector, typed)).rejects.toThrow(`'${typed}' matches several failures`)
    }
    for (const typed of ['b', 'aa00000000001']) expect(await findFailure(inspector, typed)).toBeUndefined()
    expect(await findFailure(inspectorOf({ fingerprints: ['f1:aa0000000000'] }), 'f1:')).toBeUndefined()
  })

  test('whose id ends with a job name is found by exact match only', async () => {
    const later = ['a', 'b', 'c', 'd'].map((name) => `f1:timeout:pay-${name}`)
    const inspector = inspectorOf({ fingerprints: [...later, 'f1:timeout:pay'] })
    expect(await findFailure(inspector, 'timeout:pay')).toEqual({ fingerprint: 'f1:timeout:pay' })
    expect(await findFailure(inspectorOf({ fingerprints: later.slice(1, 2) }), 'timeout:pay')).toBeUndefined()
    expect(await wholeFingerprint(inspectorOf({ fingerprints: later }), 'f1:timeout:pay')).toBe(
      'f1:timeout:pay',
    )
    expect(await wholeFingerprint(inspectorOf({ fingerprints: ['f1:poisoned:pay'] }), 'poison')).toBe(
      'f1:poison',
    )
  })
})
