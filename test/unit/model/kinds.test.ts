import { expect, test } from 'vitest'
import { hasBody, type StepKind, stepKinds } from '../../../runtime/model/step-kind.ts'
import { isArrival, isDeadline, type WaitKind, waitRow } from '../../../runtime/model/wait.ts'

test('each step kind has an even number of its own', () => {
  const codes = Object.values(stepKinds).map(({ code }) => code)
  expect(new Set(codes).size).toBe(codes.length)
  expect(codes.filter((code) => code % 2 !== 0)).toEqual([])
})

test('a step kind without texts for a wait has a body', () => {
  expect((['run', 'sleep'] as const).map(hasBody)).toEqual([true, false])
  expect(hasBody('toString' as StepKind)).toBe(true)
})

test('a wait ends by a deadline or by an arrival', () => {
  expect((['time', 'retry', 'limit'] as const).map((kind) => isArrival({ kind }))).toEqual([
    false,
    false,
    true,
  ])
  expect((['time', 'retry', 'limit'] as const).map((kind) => isDeadline({ kind }))).toEqual([
    true,
    true,
    false,
  ])
})

test('a wait that only a newer version knows is described', () => {
  const row = waitRow('gate' as WaitKind)
  expect(row.status('doors')).toBe("waits in step 'doors' for 'gate', which only a newer version knows")
  expect(row.sentence(undefined, 'is due in 5 s')).toBe(
    "It waits for 'gate', which only a newer version knows; it is due in 5 s.",
  )
  expect(row.count(3, undefined)).toBe("3 for 'gate', which only a newer version knows")
})
