/// <reference lib="esnext.disposable" preserve="true" />

import { join } from 'node:path'
import { connect, type Jobs } from '../../runtime/client/client.ts'
import { systemClock } from '../../runtime/model/clock.ts'
import { Crew } from './crew.ts'
import { makeDemoFolder, removeDemoFolder } from './demo-folder.ts'
import { Dice } from './dice.ts'
import { playPast } from './past/play-past.ts'
import { Present } from './present.ts'
import { Orders } from './shop/orders.ts'

export interface DemoOptions {
  /** The same seed makes the same shop. Default: another one each time. */
  readonly seed?: number
}

/** A live shop, in a store of its own. */
export interface Demo {
  readonly url: string
  readonly jobs: Jobs
  /** Ends its workers and removes its folder. Twice is once. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a shop in a temporary folder: its last 24 hours are played into the store, then it continues with worker
 * processes. All of it is deleted by `close`, and when this process ends in any other way.
 */
export async function startDemo({
  seed = Math.floor(systemClock.random() * 2 ** 32),
}: DemoOptions = {}): Promise<Demo> {
  const folder = makeDemoFolder()
  const url = `sqlite:${join(folder, 'shop.db')}`
  const crew = new Crew(folder)
  let jobs: Jobs | undefined
  let present: Present | undefined
  const removeAtExit = (): void => {
    crew.killAll()
    removeDemoFolder(folder)
  }
  process.prependOnceListener('exit', removeAtExit)
  const end = async (): Promise<void> => {
    present?.stop()
    await crew.close()
    await jobs?.close()
    removeDemoFolder(folder)
    process.off('exit', removeAtExit)
  }
  try {
    // They start while the past is played.
    crew.prepare(Present.workers)
    const { marks, lastOrder } = await playPast({ url, end: systemClock.now(), seed })
    jobs = await connect(url)
    const dice = new Dice(seed + 1)
    const orders = new Orders(dice, lastOrder)
    present = new Present({ jobs, crew, clock: systemClock, dice, orders, marks, url })
    await present.begin()
  } catch (error) {
    await end()
    throw error
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= end()
    return closing
  }
  return { url, jobs, close, [Symbol.asyncDispose]: close }
}
