import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseForScaleIn, emptiestZone, type ScaleInCandidate } from '../support/ecs/scale-in-order.ts'
import { planService, type ScheduledTask, type ServiceGoal } from '../support/ecs/service-scheduler.ts'

const firstOf = (): number => 0

function candidates(text: string): readonly ScaleInCandidate[] {
  return text.split(' ').map((word, index) => ({
    id: `${word}${index}`,
    zone: word[0] ?? '',
    protected: word.endsWith('!'),
  }))
}

function zonesOf(tasks: readonly ScaleInCandidate[]): string {
  return tasks.map(({ zone }) => zone).join(' ')
}

describe('scale-in order', () => {
  test('takes from the fullest zone until zones are even', () => {
    expect(zonesOf(chooseForScaleIn(candidates('a a a b c c'), 3, firstOf))).toBe('a a c')
  })

  test('never takes a protected task, but counts it in its zone', () => {
    expect(zonesOf(chooseForScaleIn(candidates('a! a! a! b b'), 1, firstOf))).toBe('b')
    expect(zonesOf(chooseForScaleIn(candidates('a! a! a b b'), 1, firstOf))).toBe('a')
    expect(chooseForScaleIn(candidates('a! b!'), 2, firstOf)).toEqual([])
  })

  test('leaves the choice inside a zone to the pick', () => {
    const last = chooseForScaleIn(candidates('a a b'), 1, (count) => count - 1)
    expect(last.map(({ id }) => id)).toEqual(['a1'])
  })

  test('starts in the emptiest zone', () => {
    expect(emptiestZone(['a', 'b', 'c'], candidates('a b a'))).toBe('c')
    expect(emptiestZone(['a', 'b'], [])).toBe('a')
  })
})

function tasks(count: number, more: Partial<ScheduledTask> = {}): readonly ScheduledTask[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${JSON.stringify(more)}${index}`,
    zone: ['a', 'b', 'c'][index % 3] ?? 'a',
    primary: true,
    healthy: true,
    protected: false,
    ...more,
  }))
}

function goal(desiredCount: number, minimumHealthyPercent = 100, maximumPercent = 200): ServiceGoal {
  return { desiredCount, minimumHealthyPercent, maximumPercent }
}

describe('service scheduler', () => {
  test('starts missing tasks and stops surplus ones', () => {
    expect(planService(goal(3), tasks(1), firstOf)).toEqual({ start: 2, stop: [], held: 0 })
    expect(planService(goal(1), tasks(3), firstOf)).toMatchObject({ start: 0, held: 0, stop: { length: 2 } })
  })

  test('defers a scale-in that protection forbids', () => {
    const fleet = [...tasks(4, { protected: true }), ...tasks(2)]
    expect(planService(goal(2), fleet, firstOf)).toMatchObject({ start: 0, held: 2, stop: { length: 2 } })
  })

  test('100 and 200 percent: starts all new tasks first, then stops the old ones', () => {
    const old = tasks(2, { primary: false })
    expect(planService(goal(2), old, firstOf)).toEqual({ start: 2, stop: [], held: 0 })
    const starting = [...old, ...tasks(2, { healthy: false })]
    expect(planService(goal(2), starting, firstOf)).toEqual({ start: 0, stop: [], held: 0 })
    expect(planService(goal(2), [...old, ...tasks(2)], firstOf)).toMatchObject({
      start: 0,
      stop: old,
      held: 0,
    })
  })

  test('50 and 100 percent: old tasks make room for new ones', () => {
    const plan = planService(goal(4, 50, 100), tasks(4, { primary: false }), firstOf)
    expect(plan).toMatchObject({ start: 2, stop: { length: 2 }, held: 0 })
  })

  test('at 100 percent protected old tasks leave no room', () => {
    const old = tasks(2, { primary: false, protected: true })
    expect(planService(goal(2, 0, 100), old, firstOf)).toEqual({ start: 0, stop: [], held: 2 })
  })

  test('protected old tasks remain beside new ones', () => {
    const old = tasks(2, { primary: false, protected: true })
    expect(planService(goal(2), [...old, ...tasks(2)], firstOf)).toEqual({ start: 0, stop: [], held: 2 })
  })

  test('old tasks that have not started yet stop at once', () => {
    const old = tasks(2, { primary: false, healthy: false })
    expect(planService(goal(2), old, firstOf)).toMatchObject({ start: 2, stop: old, held: 0 })
  })

  test('no rollout exceeds its bounds, and every rollout with capacity ends', () => {
    const counts = fc.integer({ min: 1, max: 7 })
    const minimum = fc.constantFrom(0, 33, 50, 100)
    const maximum = fc.constantFrom(150, 200, 300)
    fc.assert(
      fc.property(counts, minimum, maximum, fc.infiniteStream(fc.nat()), (count, min, max, picks) => {
        const aim = goal(count, min, max)
        const most = Math.floor((count * max) / 100)
        const least = Math.ceil((count * min) / 100)
        // Otherwise nothing may start before something stops, and nothing may stop before something starts.
        fc.pre(most > least)
        let fleet = tasks(count, { primary: false })
        for (let round = 0; fleet.some(({ primary, healthy }) => !(primary && healthy)); round++) {
          expect(round).toBeLessThan(100)
          const plan = planService(aim, fleet, (of) => (picks.next().value ?? 0) % Math.max(1, of))
          fleet = fleet.filter((task) => !plan.stop.includes(task))
          expect(fleet.filter(({ healthy }) => healthy).length).toBeGreaterThanOrEqual(least)
          fleet = [...fleet, ...tasks(plan.start, { healthy: false })]
          expect(fleet.length).toBeLessThanOrEqual(Math.max(most, count))
          fleet = fleet.map((task) => ({ ...task, healthy: true }))
        }
        expect(fleet).toHaveLength(count)
      }),
    )
  })
})
