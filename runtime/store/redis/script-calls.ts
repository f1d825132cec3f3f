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

  /** @param more The keys that the script's caller adds. */
  run(name: ScriptName, args: readonly Argument[], more: readonly string[] = []): Promise<Reply> {
    return this.link.run(scriptOf(name), this.#staticKeys(name), more, this.#withTime(name, args))
  }

  #withTime(name: ScriptName, args: readonly Argument[]): readonly Argument[] {
    return scriptOf(name).timed ? [this.time, ...args] : args
  }

  #staticKeys(name: ScriptName): readonly string[] {
    const known = this.#keysOf.get(name)
    if (known !== undefined) return known
    const keys = scriptOf(name).keys.map((key) => this.keys.of(key))
    this.#keysOf.set(name, keys)
    return keys
  }
}
