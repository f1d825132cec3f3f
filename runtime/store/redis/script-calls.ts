import type { Keys } from './keys.ts'
import type { Namespace } from './namespace.ts'
import type { Argument, RedisLink, Reply } from './redis-link.ts'
import { type ScriptName, scriptOf } from './script.ts'
import {
  clockRefusal,
  expectationPrefix,
  type OwnClocks,
  ServerClock,
  type ServerTime,
} from './server-clock.ts'

interface Deps {
  readonly storeNow: (() => number) | undefined
  readonly own: OwnClocks
}

/** Calls scripts with their common arguments: keys, a test's time, and the time that the caller expects. */
export class ScriptCalls {
  readonly link: RedisLink
  readonly keys: Keys
  readonly clock: ServerClock
  readonly #namespace: Namespace
  readonly #keysOf = new Map<ScriptName, readonly string[]>()
  readonly #storeNow: (() => number) | undefined

  constructor(link: RedisLink, keys: Keys, namespace: Namespace, { storeNow, own }: Deps) {
    this.link = link
    this.keys = keys
    this.#namespace = namespace
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
        mayReport: () => namespace.isPrepared,
      },
      own,
    )
  }

  /** A plain command that reads keys of the namespace. */
  async read(name: string, ...args: readonly Argument[]): Promise<Reply> {
    const unready = this.#namespace.forReading()
    if (unready !== undefined) await unready
    return this.link.command(name, ...args)
  }

  /** @param more The keys that the script's caller adds. */
  async run(name: ScriptName, args: readonly Argument[], more: readonly string[] = []): Promise<Reply> {
    const { readOnly, timed } = scriptOf(name)
    const unready = readOnly ? this.#namespace.forReading() : this.#prepare()
    if (unready !== undefined) await unready
    if (!timed) return this.link.run(scriptOf(name), this.#staticKeys(name), more, args)
    return this.#expecting((expectation) => this.#send(name, args, more, expectation))
  }

  /**
   * Repeats `attempt`, which other calls may share, like `run` repeats a call of its own: as long as this call may
   * take.
   */
  async persist<T>(name: ScriptName, attempt: () => Promise<T>): Promise<T> {
    const unready = this.#prepare()
    if (unready !== undefined) await unready
    return this.link.persist(scriptOf(name).sha, attempt)
  }

  /**
   * Makes one attempt at a script that writes. Rejects with the error of the server or the connection: see `persist`.
   */
  attempt(name: ScriptName, args: readonly Argument[]): Promise<Reply> {
    return this.#expecting((expectation) =>
      this.link.attempt(scriptOf(name), this.#staticKeys(name), [], this.#withTime(args, expectation)),
    )
  }

  /** Sends a call with the time that it expects, and again without if that is refused (SC2). */
  async #expecting(send: (expectation: string) => Promise<Reply>): Promise<Reply> {
    try {
      return await send(this.clock.expectation())
    } catch (error) {
      if (!(error as Error).message.startsWith(`${clockRefusal} `)) throw error
    }
    await this.clock.refused()
    return send(expectationPrefix)
  }

  #prepare(): Promise<void> | undefined {
    return this.#namespace.forWriting()?.then(() => this.clock.mayReportNow())
  }

  #send(
    name: ScriptName,
    args: readonly Argument[],
    more: readonly string[],
    expectation: string,
  ): Promise<Reply> {
    return this.link.run(scriptOf(name), this.#staticKeys(name), more, this.#withTime(args, expectation))
  }

  /** Puts the time that a test injects in front, or '' for the server's own. */
  #withTime(args: readonly Argument[], expectation: string): readonly Argument[] {
    return [this.#storeNow?.() ?? '', ...args, expectation]
  }

  #staticKeys(name: ScriptName): readonly string[] {
    const known = this.#keysOf.get(name)
    if (known !== undefined) return known
    const keys = scriptOf(name).keys.map((key) => this.keys.of(key))
    this.#keysOf.set(name, keys)
    return keys
  }
}
