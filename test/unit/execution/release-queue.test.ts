import { describe, expect, test } from 'vitest'
import { Macrotasks } from '../../../runtime/execution/macrotasks.ts'
import { ReleaseQueue } from '../../../runtime/execution/release-queue.ts'
import type { Clock } from '../../../runtime/model/clock.ts'

/** A clock whose timers and macrotasks run when the test says so. */
class HandClock implements Clock {
  readonly timers: (() => void)[] = []
  readonly tasks: (() => void)[] = []
  now = () => 0
  elapsed = () => 0
  uptime = () => 0
  random = () => 0
  after = (_ms: number, run: () => void) => {
    this.timers.push(run)
    return () => {
      const at = this.timers.indexOf(run)
      if (at >= 0) this.timers.splice(at, 1)
    }
  }
  soon = (run: () => void) => void this.tasks.push(run)
  atMacrotaskEnd = (run: () => void) => void this.tasks.push(run)

  runTasks(): void {
    for (let run = this.tasks.shift(); run; run = this.tasks.shift()) run()
  }

  fireTimer(): void {
    this.timers.shift()?.()
  }
}

/** Lets the wait for steps that the code does not call time out. */
function wearOut(clock: HandClock): void {
  while (clock.timers.length > 0) {
    clock.fireTimer()
    clock.runTasks()
  }
}

/** A step of this execution with a stored result requests delivery. */
function handOut(queue: ReleaseQueue | undefined, path: string, deliver: () => void): void {
  queue?.stored(path)
  queue?.called(path, deliver)
}

function queueOf(...paths: string[]): {
  queue: ReleaseQueue
  clock: HandClock
  out: string[]
  call: (path: string) => void
} {
  const clock = new HandClock()
  const queue = new ReleaseQueue(clock, new Macrotasks(clock), () => undefined)
  const out: string[] = []
  queue.load(paths)
  return { queue, clock, out, call: (path) => queue.called(path, () => void out.push(path)) }
}

describe('stored results on a resume', () => {
  test('are released in the order they were stored, whatever the order of the calls', () => {
    const { clock, out, call } = queueOf('a', 'b', 'c')
    for (const path of ['c', 'b', 'a']) call(path)
    clock.runTasks()
    expect(out).toEqual(['a', 'b', 'c'])
  })

  test('wait for an earlier one that the code has not called yet', () => {
    const { clock, out, call } = queueOf('a', 'b')
    call('b')
    for (let tick = 0; tick < 15; tick++) {
      clock.fireTimer()
      clock.runTasks()
    }
    expect(out).toEqual([])
    call('a')
    clock.runTasks()
    expect(out).toEqual(['a', 'b'])
  })

  test('one late timer, after a blocked event loop, does not exhaust patience', () => {
    const { clock, out, call } = queueOf('a', 'b')
    call('b')
    clock.fireTimer()
    expect(out).toEqual([])
    call('a')
    clock.runTasks()
    expect(out).toEqual(['a', 'b'])
  })

  test('continue without a step that is gone from the code', () => {
    const { queue, clock, out, call } = queueOf('gone', 'b')
    call('b')
    expect(queue.isOvertaken('gone')).toBe(false)
    wearOut(clock)
    expect(out).toEqual(['b'])
    expect(queue.isOvertaken('gone')).toBe(true)
  })

  test('are not overtaken by a new step in the code', () => {
    const { queue, clock, out, call } = queueOf('gone', 'a', 'to come')
    call('a')
    handOut(queue, 'new', () => void out.push('new'))
    wearOut(clock)
    expect(out).toEqual(['a', 'new'])
    expect([queue.isOvertaken('gone'), queue.isOvertaken('to come')]).toEqual([true, false])
  })

  test('are released one at a time, each in a task of its own', () => {
    const { clock, out, call } = queueOf('a', 'b')
    call('a')
    call('b')
    clock.tasks.shift()?.()
    expect(out).toEqual(['a'])
    clock.tasks.shift()?.()
    expect(out).toEqual(['a', 'b'])
  })
})

describe('results of this execution', () => {
  test('are released at once if the macrotask has no other, else in one of their own', () => {
    const { queue, clock, out } = queueOf()
    for (const path of ['a', 'b', 'c']) handOut(queue, path, () => void out.push(path))
    expect(out).toEqual(['a'])
    clock.tasks.shift()?.()
    expect(out).toEqual(['a', 'b'])
    clock.tasks.shift()?.()
    expect(out).toEqual(['a', 'b', 'c'])
    clock.runTasks()
    handOut(queue, 'd', () => void out.push('d'))
    expect(out).toEqual(['a', 'b', 'c', 'd'])
  })

  test('keep the order in which they were stored, whichever step is called first', () => {
    const { queue, clock, out, call } = queueOf()
    for (const path of ['a', 'b', 'c']) queue.stored(path)
    for (const path of ['b', 'c']) call(path)
    expect([out, queue.busy, clock.timers]).toEqual([[], true, []])
    call('a')
    clock.runTasks()
    expect([out, queue.busy]).toEqual([['a', 'b', 'c'], false])
  })

  test('wait behind one of an earlier execution, and do not give up with it', () => {
    const { queue, clock, out, call } = queueOf('gone')
    queue.stored('a')
    queue.stored('b')
    call('b')
    wearOut(clock)
    expect(out).toEqual([])
    call('a')
    clock.runTasks()
    expect(out).toEqual(['a', 'b'])
  })

  test('of two executions share a macrotask', () => {
    const clock = new HandClock()
    const macrotasks = new Macrotasks(clock)
    const [one, other] = [0, 1].map(() => new ReleaseQueue(clock, macrotasks, () => undefined))
    const out: string[] = []
    for (const path of ['a', 'b']) {
      handOut(one, path, () => void out.push(`one ${path}`))
      handOut(other, path, () => void out.push(`other ${path}`))
    }
    expect(out).toEqual(['one a', 'other a'])
    clock.tasks.shift()?.()
    expect(out).toEqual(['one a', 'other a', 'one b', 'other b'])
  })
})
