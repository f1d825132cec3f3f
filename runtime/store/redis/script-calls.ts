import type { Keys } from './keys.ts'
import type { Argument, RedisLink, Reply } from './redis-link.ts'
import { type ScriptName, scriptOf } from './script.ts'

/** Calls scripts with what all of them get: keys, and a test's time. */
export class ScriptCalls {
  readonly link: RedisLink
  readonly keys: Keys
  readonly #keysOf = new Map<ScriptName, readonly string[]>()
  readonly #storeNow: (() => number) | undefined

  constructor(link: RedisLink, keys: Keys, storeNow: (() => number) | undefined) {
    this.link = link
    this.keys = keys
    this.#storeNow = storeNow
  }

  /** The time a test gives, or '' for the server's own. */
  get time(): number | '' {
    return this.#storeNow?.() ?? ''
  }

  /** A script that takes the time before its own arguments. */
  timed(name: ScriptName, args: readonly Argument[], more: readonly string[] = []): Promise<Reply> {
    return this.read(name, [this.time, ...args], more)
  }

  /** A script that looks at no clock. */
  read(name: ScriptName, args: readonly Argument[], more: readonly string[] = []): Promise<Reply> {
    const script = scriptOf(name)
    let keys = this.#keysOf.get(name)
    if (keys === undefined) {
      keys = script.keys.map((key) => this.keys.of(key))
      this.#keysOf.set(name, keys)
    }
    return this.link.run(script, keys, more, args)
  }
}
