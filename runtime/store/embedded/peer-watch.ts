import type { LeaseId } from '../store.ts'
import type { Database } from './database.ts'
import type { LeaseLocks } from './lease-lock.ts'

/** How many peers one look probes; with more of them, a look goes on where the last one ended. */
const probesPerLook = 32

/** Fast death: sees within about 100 ms that the process behind another lease is gone. */
export class PeerWatch {
  static readonly intervalMs: number = 50
  readonly #database: Database
  readonly #locks: LeaseLocks
  readonly #own: LeaseId
  #lastProbed: LeaseId = ''

  constructor(database: Database, locks: LeaseLocks, own: LeaseId) {
    this.#database = database
    this.#locks = locks
    this.#own = own
  }

  /** Leases whose process is dead. */
  look(): LeaseId[] {
    const after = this.#peers('lease > ?')
    const peers = after.length > 0 ? after : this.#peers('lease >= ?', '')
    this.#lastProbed = peers.length < probesPerLook ? '' : (peers.at(-1) ?? '')
    return peers.filter((lease) => lease !== this.#own && this.#locks.isFree(lease))
  }

  #peers(which: string, from: LeaseId = this.#lastProbed): LeaseId[] {
    try {
      const rows = this.#database.all<{ lease: LeaseId }>(
        `SELECT lease FROM workers WHERE ${which} ORDER BY lease LIMIT ${probesPerLook}`,
        from,
      )
      return rows.map(({ lease }) => lease)
    } catch {
      return []
    }
  }
}
