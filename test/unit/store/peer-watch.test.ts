import { beforeEach, expect, test } from 'vitest'
import { StoreUnavailableError } from '../../../runtime/model/errors.ts'
import { PeerWatch } from '../../../runtime/store/redis/peer-watch.ts'
import { ForbiddenError } from '../../../runtime/store/redis/reply-errors.ts'
import type { ScriptCalls } from '../../../runtime/store/redis/script-calls.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const everyMs = 50
const peer = ['peer', 'server:7:1000,server:8:1001'] as const

/** A server with the test's replies, which records its requests and their times. */
class ScriptedServer {
  readonly calls: string[] = []
  suspects: readonly string[] = []
  connected: readonly number[] = []
  fails: Error | undefined
  #reconnected: () => void = () => undefined
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  get scripts(): ScriptCalls {
    const link = {
      inCluster: false,
      onReconnect: (listener: () => void) => {
        this.#reconnected = listener
      },
      info: async () => 'run_id:server',
      command: async (_: string, what: string, ...rest: string[]) => {
        if (what === 'ID') return 5
        this.#note(`list ${rest.slice(1).join(' ')}`)
        return this.connected.map((id) => `id=${id} addr=here\n`).join('')
      },
    }
    const run = async (name: string, args: readonly string[]): Promise<unknown> => {
      this.#note([name, ...args].join(' '))
      if (this.fails) throw this.fails
      return name === 'look-at-peers' ? ['looker', everyMs, ...this.suspects] : 1
    }
    return { link, run } as unknown as ScriptCalls
  }

  reconnect(): void {
    this.#reconnected()
  }

  take(): string[] {
    return this.calls.splice(0)
  }

  /** The requests except the looks themselves. */
  takeJudgements(): string[] {
    return this.take().filter((call) => !call.includes('look-at-peers'))
  }

  #note(call: string): void {
    this.calls.push(`${this.#clock.elapsed()} ${call}`)
  }
}

let clock: FakeClock
let server: ScriptedServer
let watch: PeerWatch
let stop: () => void

beforeEach(() => {
  clock = new FakeClock()
  server = new ScriptedServer(clock)
  watch = new PeerWatch(server.scripts, clock)
  stop = watch.start('own')
})

test('checks as often as ordered, with one call, until it is stopped', async () => {
  await clock.advance(2 * everyMs)
  expect(server.take()).toEqual([0, 50, 100].map((at) => `${at} look-at-peers own`))
  stop()
  await clock.advance(1_000)
  expect(server.take()).toEqual([])
  expect(clock.timers).toBe(0)
})

test('considers a worker dead if its connections are still gone after the grace, not before', async () => {
  server.suspects = peer
  await clock.advance(59)
  expect(server.takeJudgements()).toEqual(['0 list 7 8'])
  await clock.advance(1)
  expect(server.takeJudgements()).toEqual(['60 list 7 8', '60 reclaim-dead peer server:7:1000,server:8:1001'])
})

test('spares a worker that reconnects within the grace', async () => {
  server.suspects = peer
  await clock.advance(59)
  server.connected = [8]
  await clock.advance(200)
  expect(server.takeJudgements().filter((call) => call.includes('reclaim'))).toEqual([])
})

test.each([[[7]], [[8]]])('spares a worker whose connection %i exists', async (connected) => {
  server.suspects = peer
  server.connected = connected
  await clock.advance(500)
  expect(server.takeJudgements().some((call) => call.includes('reclaim'))).toBe(false)
})

test('spares workers connected to another server', async () => {
  server.suspects = ['peer', 'another:7:1000']
  await clock.advance(500)
  expect(server.takeJudgements()).toEqual([])
})

test('checks and reclaims no sooner than a second after it was cut off itself', async () => {
  server.suspects = peer
  await clock.advance(30)
  server.take()
  server.reconnect()
  await clock.advance(999)
  expect(server.take().filter((call) => call.includes('reclaim'))).toEqual([])
  await clock.advance(1)
  expect(server.take()).toEqual(['1030 look-at-peers own', '1030 list 7 8'])
})

test('asks when a heartbeat is late, and at once when ordered to', async () => {
  await clock.settle()
  server.take()
  for (let i = 0; i < 4; i++) {
    expect(watch.hear('beat 200')).toBe(true)
    await clock.advance(200)
  }
  expect(server.take()).toEqual([])
  await clock.advance(25)
  expect(server.take()).toEqual(['825 look-at-peers own'])
  expect(watch.hear('look')).toBe(true)
  await clock.advance(0)
  expect(server.take()).toEqual(['825 look-at-peers own'])
  expect(watch.hear('')).toBe(false)
})

test('continues after an outage of the server, and leaves peers to their leases once it is forbidden', async () => {
  server.fails = new StoreUnavailableError('away')
  await clock.advance(1_000)
  expect(server.take()).toHaveLength(2)
  server.fails = new ForbiddenError('not allowed')
  await clock.advance(60_000)
  expect(server.take()).toHaveLength(1)
})
