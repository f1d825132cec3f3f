import type { Keys } from './keys.ts'
import type { Argument, RedisLink, Reply } from './redis-link.ts'
import { type ScriptName, scriptOf } from './script.ts'

/** Calls scripts with what all of them get: keys, and a test's time. */
export class ScriptCalls {
  readonly link: RedisLink
  readonly keys: Keys
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
    return this.link.run(scriptOf(name), this.keys, more, [this.time, ...args])
  }

  /** A script that looks at no clock. */
  read(name: ScriptName, args: readonly Argument[], more: readonly string[] = []): Promise<Reply> {
    return this.link.run(scriptOf(name), this.keys, more, args)
  }
}
