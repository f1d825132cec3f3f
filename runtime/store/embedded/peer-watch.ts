import type { LeaseId } from '../store.ts'
import type { Sql } from './database.ts'
import type { LeaseLocks } from './lease-lock.ts'

/** How many peers one check probes; with more of them, the next check continues where the last one ended. */
const probesPerLook = 32

/** Fast death: detects within about 100 ms that the process behind another lease is gone. */
export class PeerWatch {
  static readonly intervalMs: number = 50
  readonly #database: Sql
  readonly #locks: LeaseLocks
  readonly #own: LeaseId
  #lastProbed: LeaseId = ''
  /** Peers probed since the round began. */
  readonly #seen = new Set<LeaseId>()

  constructor(database: Sql, locks: LeaseLocks, own: LeaseId) {
    this.#database = database
    this.#locks = locks
    this.#own = own
  }

  /** Leases whose process is dead. */
  look(): LeaseId[] {
    const peers = this.#peers()
    for (const lease of peers) this.#seen.add(lease)
    const lastOfAll = peers.length < probesPerLook
    if (lastOfAll) {
      this.#locks.keepProbes(this.#seen)
      this.#seen.clear()
    }
    this.#lastProbed = lastOfAll ? '' : (peers.at(-1) ?? '')
    return peers.filter((lease) => lease !== this.#own && this.#locks.isFree(lease))
  }

  #peers(): LeaseId[] {
    try {
      const rows = this.#database.all<{ lease: LeaseId }>(
        `SELECT lease FROM workers WHERE lease > ? ORDER BY lease LIMIT ${probesPerLook}`,
        this.#lastProbed,
      )
      return rows.map(({ lease }) => lease)
    } catch {
      return []
    }
  }
}
