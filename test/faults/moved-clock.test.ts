import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { programFile } from '../support/processes/program-file.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { Relay } from './relay.ts'

const hourMs = 3_600_000
const program = programFile('test/faults/moved-clock-process.ts')

/** A store whose clock a test sets, for processes that begin after it. */
interface Movable {
  readonly args: readonly [url: string, namespace: string]
  readonly env: Readonly<Record<string, string>>
  move(shiftMs: number): void
}

const stores: Readonly<Record<string, () => Promise<Movable>>> = {
  embedded: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-clock-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'shift')
    const move = (shiftMs: number): void => {
      writeFileSync(`${file}.new`, String(shiftMs))
      renameSync(`${file}.new`, file)
    }
    move(0)
    const preload = join(folder, 'clock.cjs')
    writeFileSync(preload, shiftedDate(file))
    // In the thread of the lease too, which gets no arguments of its process.
    const env = { NODE_OPTIONS: `--require ${preload}` }
    return { args: [`sqlite:${join(folder, 'jobs.db')}`, ''], env, move }
  },
  Redis: async () => {
    const relay = await Relay.start((await sharedRedisServer()).port)
    onTestFinished(() => relay.close())
    const move = (shiftMs: number): void => {
      relay.shiftMs = shiftMs
    }
    return { args: [relay.url, `clock-${randomUUID()}`], env: {}, move }
  },
}

/**
 * A clock with an offset from a file: the clock of one process can't be set otherwise. It reads the file each time:
 * once one process has seen the clock move, no other may still see the old time.
 */
function shiftedDate(file: string): string {
  return `
    const { readFileSync } = require('node:fs')
    const Real = Date
    const shifted = () => Real.now() + Number(readFileSync(${JSON.stringify(file)}, 'utf8'))
    globalThis.Date = class Date extends Real {
      constructor(...parts) {
        super(...(parts.length === 0 ? [shifted()] : parts))
      }
      static now() {
        return shifted()
      }
    }`
}

/** The messages of a process, in order. */
class Player {
  readonly #process: ChildProcess
  readonly #said: { kind: string }[] = []

  constructor(store: Movable, name: string) {
    this.#process = fork(program, [...store.args, name], { env: { ...process.env, ...store.env } })
    this.#process.on('message', (message) => this.#said.push(message as { kind: string }))
    onTestFinished(() => void this.#process.kill('SIGKILL'))
  }

  async said(kind: string): Promise<unknown> {
    const found = () => this.#said.find((message) => message.kind === kind)
    await expect.poll(found).toBeDefined()
    return found()
  }

  goOn(): void {
    this.#process.send('on')
  }

  async end(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once('exit', resolve))
    this.goOn()
    expect(await exited).toBe(0)
  }
}

const moves = {
  'was ahead and is corrected': [hourMs, 0],
  'is set back': [0, -hourMs],
} as const

describe.each(Object.entries(stores))('%s: two processes', (_, open) => {
  test.each(Object.entries(moves))(
    'do not wait an hour when their clock %s by an hour',
    async (_title, [first, then]) => {
      const store = await open()
      store.move(first)
      const players = ['a', 'b'].map((name) => new Player(store, name))
      for (const player of players) await player.said('given')
      store.move(then)
      for (const player of players) player.goOn()
      for (const player of players) {
        expect(await player.said('ended')).toMatchObject({
          ends: [...Array(6).fill('completed'), 'RUN_FAILED', 'RUN_EXPIRED'],
          losses: 0,
          // Once, though two processes saw it.
          jump: expect.stringMatching(/^jumped back by (1 h 0 min|59 min 5\d s) at [^,]*$/),
        })
      }
      for (const player of players) await player.said('tick')
      for (const player of players) await player.end()
    },
  )
})
