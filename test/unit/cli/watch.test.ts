import { expect, test } from 'vitest'
import { drawFrames, type FrameOutput } from '../../../runtime/cli/watch.ts'
import type { CancelTimer, Clock } from '../../../runtime/model/clock.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import { StoreUnavailableError } from '../../../runtime/model/errors.ts'

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

/** @param frames Texts, and errors of the store. */
async function watched(rows: number | undefined, frames: readonly (string | Error)[]) {
  const timers = new Timers()
  const stop = new AbortController()
  let written = ''
  const told: string[] = []
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
  const output: FrameOutput = { write: (text) => (written += text), tell: (text) => told.push(text), rows }
  const frame = () => {
    const text = frames[Math.min(drawn++, frames.length - 1)] ?? ''
    return text instanceof Error ? Promise.reject(text) : Promise.resolve({ text, changes: text })
  }
  const done = drawFrames(inspector, frame, output, stop.signal, timers.clock)
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return {
    ...{ timers, stop, done, turn, changed: () => changed() },
    written: () => written,
    told,
    drawn: () => drawn,
    subscribed: () => subscribed,
  }
}

test('a pipe gets a frame only if it differs from the last one', async () => {
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

test('a change draws the next frame early, but not at once', async () => {
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

test('a terminal gets frames that replace each other, cut to its rows, and keeps the last one', async () => {
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

test('an outage is reported once at its begin and once at its end', async () => {
  const away = new StoreUnavailableError('refused')
  for (const rows of [undefined, 9]) {
    const watch = await watched(rows, ['a', away, away, 'b'])
    for (let i = 0; i < 8; i++) {
      await watch.turn()
      watch.timers.fire()
    }
    await watch.turn()
    watch.stop.abort()
    await watch.done
    const told = ['the store is unavailable: refused; continuing once it is back', 'the store is back']
    if (rows === undefined) {
      expect(watch.told).toEqual(told)
      expect(watch.written()).toBe('a\n\nb\n')
    } else {
      for (const text of told) expect(watch.written().split(text)).toHaveLength(2)
      expect(watch.written()).toMatch(/\?1049lb\n$/)
    }
  }
})

test('an outage that waiting can’t end, or one before the first frame, ends the watch', async () => {
  const refused = new StoreUnavailableError('no such user', { kind: 'login' })
  const lasting = await watched(undefined, ['a', refused])
  await lasting.turn()
  lasting.timers.fire()
  await lasting.turn()
  lasting.timers.fire()
  await expect(lasting.done).rejects.toBe(refused)
  const first = new StoreUnavailableError('refused')
  await expect((await watched(undefined, [first])).done).rejects.toBe(first)
})
