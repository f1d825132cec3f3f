import { StoreUnavailableError } from '../../model/errors.ts'
import type { StoreConfig } from '../store-config.ts'
import type { Keys } from './keys.ts'
import type { RedisLink } from './redis-link.ts'

const patienceMs = 1_000

/**
 * R11: checks whether the writes so far are on the disk, or at a replica. It has its own connection, because the
 * command blocks a connection until its reply; it waits for a position in the server's one stream of writes, so a write
 * made for this purpose covers all writes before it.
 */
export class Confirmation {
  readonly #open: (over: AbortSignal) => Promise<RedisLink>
  readonly #over = new AbortController()
  readonly #keys: Keys
  readonly #confirm: StoreConfig['confirm']
  #link: Promise<RedisLink> | undefined
  #opened: RedisLink | undefined

  constructor(open: (over: AbortSignal) => Promise<RedisLink>, keys: Keys, confirm: StoreConfig['confirm']) {
    this.#open = open
    this.#keys = keys
    this.#confirm = confirm
  }

  /** @throws StoreUnavailableError when it is not confirmed in time. */
  async confirmed(): Promise<void> {
    if (this.#confirm === 'memory') return
    const link = await this.#connected()
    const onDisk = this.#confirm === 'disk'
    const reply = await link.pair(
      ['HINCRBY', this.#keys.of('meta'), 'confirmations', 1],
      onDisk ? ['WAITAOF', 1, 0, patienceMs] : ['WAIT', 1, patienceMs],
    )
    // WAITAOF replies with two counts: this server, and replicas.
    const count = Array.isArray(reply) ? reply[0] : reply
    if (Number(count) >= 1) return
    throw new StoreUnavailableError(
      `${link.address} did not confirm an at-most-once intent by ${this.#confirm} within ${patienceMs} ms; ` +
        (onDisk ? 'the disk is slow' : 'attach a replica, or leave store.confirm out'),
      { kind: 'unconfirmed' },
    )
  }

  async close(): Promise<void> {
    if (this.#opened !== undefined) return this.#opened.close()
    this.#over.abort()
    await this.#link?.catch(() => undefined)
  }

  async #connected(): Promise<RedisLink> {
    this.#link ??= this.#open(this.#over.signal)
    try {
      this.#opened = await this.#link
      return this.#opened
    } catch (error) {
      this.#link = undefined
      throw error
    }
  }
}
