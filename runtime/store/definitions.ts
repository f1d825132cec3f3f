/**
 * Definitions that the code of workers declares beside its jobs, sent with `register` (R30).
 * D1  The definition in force is the one whose digest was first seen most recently among those that a live worker
 * declares, so that an old task that restarts in a deploy does not flip it back.
 * D2  Without a live worker that declares the name, the last definition stays in force.
 * D3  Declaring none is a declaration too: the empty one.
 * D4  A digest is remembered for a day after its last live worker.
 */
export interface WorkerDefinition {
  readonly kind: DefinitionKind
  readonly name: string
  /** Of the whole definition; equal digests are equal definitions. */
  readonly digest: string
  /** Read by the part of the store that owns the kind; empty when the code declares none of that name. */
  readonly definition: Uint8Array
}

export type DefinitionKind = 'schedule' | 'limiter'

/** One digest of one name, as workers declared it. */
export interface DefinitionInfo {
  readonly name: string
  readonly digest: string
  readonly inForce: boolean
  /** Live workers that declare it. */
  readonly workers: number
  /** The worker that declared it first, and when. */
  readonly firstSeenBy: string
  readonly firstSeenAt: number
}

export interface DefinitionInspector {
  /** The declarations of a kind, by name, in the order in which they were first seen. */
  definitions(kind: DefinitionKind): Promise<readonly DefinitionInfo[]>
}

/** How long a digest is remembered after its last live worker (D4). */
export const keepDefinitionMs = 86_400_000
