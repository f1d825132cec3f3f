import { expect, test } from 'vitest'
import { drawFrames, type FrameOutput } from '../../../runtime/cli/watch.ts'
import type { CancelTimer, Clock } from '../../../runtime/model/clock.ts'
import { systemClock } from '../../../runtime/model/clock.ts'

/** Timers fire when the test says so. */
class Timers {
  readonly #pending = new Set<() => void>()
  readonly clock: Clock = {
    ...systemClock,
    after: (_, run): CancelTimer => {
      const fire = (): void => {
        this.#pending.delete(fire)
        run()
      }
      this.#pending.add(fire)
      return () => this.#pending.delete(fire)
    },
  }

  fire(): void {
    for (const run of [...this.#pending]) run()
  }
}

async function watched(rows: number | undefined, frames: readonly string[]) {
  const timers = new Timers()
  const stop = new AbortController()
  let written = ''
  let changed: () => void = () => undefined
  let subscribed = 0
  const inspector = {
    onChange: (listener: () => void) => {
      changed = listener
      subscribed++
      return () => subscribed--
    },
  }
  let drawn = 0
  const output: FrameOutput = { write: (text) => (written += text), rows }
  const frame = () => {
    const text = frames[Math.min(drawn++, frames.length - 1)] ?? ''
    return Promise.resolve({ text, changes: text })
  }
  const done = drawFrames(inspector, frame, output, stop.signal, timers.clock)
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return {
    ...{ timers, stop, done, turn, changed: () => changed() },
    written: () => written,
    drawn: () => drawn,
    subscribed: () => subscribed,
  }
}

test('a pipe gets a frame when it differs from the one before', async () => {
  const watch = await watched(undefined, ['a', 'a', 'b'])
  for (let i = 0; i < 4; i++) {
    await watch.turn()
    watch.timers.fire()
    await watch.turn()
    watch.timers.fire()
  }
  watch.stop.abort()
  await watch.done
  expect(watch.written()).toBe('a\n\nb\n')
  expect(watch.subscribed()).toBe(0)
})

test('a change draws the next frame before its time, but not at once', async () => {
  const watch = await watched(undefined, ['a', 'b'])
  await watch.turn()
  watch.changed()
  await watch.turn()
  expect(watch.drawn()).toBe(1)
  watch.timers.fire()
  await watch.turn()
  expect(watch.drawn()).toBe(2)
  watch.stop.abort()
  await watch.done
})

test('a terminal gets frames one over the other, cut to its rows, and keeps the last one', async () => {
  const watch = await watched(3, ['one\ntwo\nthree', 'four'])
  await watch.turn()
  expect(watch.written()).toBe('\x1b[?1049h\x1b[?25l\x1b[Hone\x1b[K\ntwo\x1b[K\n\x1b[J')
  watch.timers.fire()
  await watch.turn()
  watch.timers.fire()
  await watch.turn()
  watch.stop.abort()
  await watch.done
  const last = '\x1b[Hfour\x1b[K\n\x1b[J\x1b[?25h\x1b[?1049lfour\n'
  expect(watch.written().slice(-last.length)).toBe(last)
})
