import type { Keys } from './keys.ts'
import type { Argument, RedisLink, Reply } from './redis-link.ts'
import { type ScriptName, scriptOf } from './script.ts'
import {
  clockRefusal,
  expectationPrefix,
  type OwnClocks,
  ServerClock,
  type ServerTime,
} from './server-clock.ts'

interface Seams {
  readonly storeNow: (() => number) | undefined
  readonly own: OwnClocks
}

/** Calls scripts with what all of them get: keys, a test's time, and the time that the caller expects. */
export class ScriptCalls {
  readonly link: RedisLink
  readonly keys: Keys
  readonly clock: ServerClock
  readonly #keysOf = new Map<ScriptName, readonly string[]>()
  readonly #storeNow: (() => number) | undefined

  constructor(link: RedisLink, keys: Keys, { storeNow, own }: Seams) {
    this.link = link
    this.keys = keys
    this.#storeNow = storeNow
    const ask = async (name: ScriptName, args: readonly Argument[]): Promise<ServerTime> => {
      const [now, wall, moves] = ((await this.#send(name, args, [], expectationPrefix)) as Buffer[]).map(
        Number,
      )
      return { now: now ?? 0, wall: wall ?? 0, moves: moves ?? 0 }
    }
    this.clock = new ServerClock(
      {
        ask: () => ask('read-clock', []),
        report: (now, moves) => ask('record-jump', [now, moves]),
      },
      own,
    )
  }

  /** @param more The keys that the script's caller adds. */
  async run(name: ScriptName, args: readonly Argument[], more: readonly string[] = []): Promise<Reply> {
    if (!scriptOf(name).timed) return this.link.run(scriptOf(name), this.#staticKeys(name), more, args)
    try {
      return await this.#send(name, args, more, this.clock.expectation())
    } catch (error) {
      if (!(error as Error).message.startsWith(`${clockRefusal} `)) throw error
    }
    await this.clock.refused()
    return this.#send(name, args, more, expectationPrefix)
  }

  /** Sends the time that a test injects, or '' for the server's own. */
  #send(
    name: ScriptName,
    args: readonly Argument[],
    more: readonly string[],
    expectation: string,
  ): Promise<Reply> {
    const all = [this.#storeNow?.() ?? '', ...args, expectation]
    return this.link.run(scriptOf(name), this.#staticKeys(name), more, all)
  }

  #staticKeys(name: ScriptName): readonly string[] {
    const known = this.#keysOf.get(name)
    if (known !== undefined) return known
    const keys = scriptOf(name).keys.map((key) => this.keys.of(key))
    this.#keysOf.set(name, keys)
    return keys
  }
}
