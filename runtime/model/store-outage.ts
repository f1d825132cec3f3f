/**
 * Why a store can't be used: one word per cause, the same in `StoreUnavailableError.kind`, in the log lines at the
 * begin and end of an outage, and in docs/redis.md.
 */
export type StoreOutageKind =
  /** No connection: refused, no such host, timed out, cut. */
  | 'unreachable'
  /** A connection, and no reply in time. */
  | 'silent'
  /** The port uses another protocol: it isn't Redis, or only one side uses TLS. */
  | 'protocol'
  /** TLS certificates don't match. */
  | 'certificate'
  /** The user name or password is missing or wrong. */
  | 'login'
  /** The user lacks a permission. */
  | 'forbidden'
  | 'too many clients'
  /** The server is a replica. */
  | 'read-only'
  | 'loading'
  | 'busy'
  /** A cluster that is down, or moving the keys. */
  | 'cluster'
  /** A replica without its primary. */
  | 'primary gone'
  | 'too few replicas'
  /** Snapshots fail, so the server refuses writes. */
  | 'not saving'
  /** An at-most-once intent wasn't confirmed by disk or replica. */
  | 'unconfirmed'
  /** No memory or disk left. */
  | 'full'
  /** The file of the embedded store is locked by another process. */
  | 'locked'
  /** The file of the embedded store can't be read or written. */
  | 'file'
  /** There is no store at the address. */
  | 'missing'
  /** This server, database or host can't serve this store. */
  | 'unsupported'
  /** This process closed the store: no outage. */
  | 'closed'

/** Outages that retrying can't fix. */
export const lastingOutages: readonly StoreOutageKind[] = [
  ...(['closed', 'login', 'forbidden', 'missing', 'unsupported', 'protocol', 'certificate', 'file'] as const),
]
