import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../runtime/model/clock.ts'
import { Keys } from '../../runtime/store/redis/keys.ts'
import { RedisLink } from '../../runtime/store/redis/redis-link.ts'
import { plain } from '../../runtime/store/redis/run-record.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import type { Fleet } from '../support/fleet/fleet.ts'

/** The commands that a client sends, and a metered server bills; the server also counts commands inside scripts. */
const sent =
  /^cmdstat_(evalsha|eval|evalsha_ro|eval_ro|ping|info|subscribe|unsubscribe|client\|list|client\|id):calls=(\d+)/gm

/** The server of a fleet, seen by an observer that sends no counted command except two INFO. */
export class FleetWatch {
  readonly #link: RedisLink
  readonly #keys: Keys

  private constructor(link: RedisLink, keys: Keys) {
    this.#link = link
    this.#keys = keys
  }

  static async open(fleet: Fleet): Promise<FleetWatch> {
    const config = parseStoreConfig(fleet.store)
    const link = await RedisLink.open(config, 'watch of a test', systemClock)
    onTestFinished(() => link.close())
    return new FleetWatch(link, new Keys(config.namespace))
  }

  /** Commands that all clients of the server send in a second, over `seconds`. */
  async commandsPerSecond(seconds: number): Promise<number> {
    const before = await this.#sent()
    const begun = performance.now()
    await wait(seconds * 1_000)
    // The INFO that ends it.
    return ((await this.#sent()) - before - 1) / ((performance.now() - begun) / 1_000)
  }

  /** The process that looks at peers now. */
  async lookerPid(): Promise<number | undefined> {
    const lease = await this.#link.command('HGET', this.#keys.of('meta'), 'looker')
    const worker = lease && (await this.#link.command('HGET', this.#keys.of('workers'), String(lease)))
    return worker ? (plain.unpack(worker as Buffer) as { pid: number }).pid : undefined
  }

  async #sent(): Promise<number> {
    const stats = await this.#link.info('commandstats')
    return [...stats.matchAll(sent)].reduce((sum, [, , calls]) => sum + Number(calls), 0)
  }
}
