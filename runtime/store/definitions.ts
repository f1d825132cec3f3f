/**
 * Definitions that the code of workers declares beside its jobs: they ride on `register` (R30).
 * D1  In force is the digest that was first seen most recently among those a live worker declares, so that an old
 *     task that restarts in a deploy does not flip it back.
 * D2  Without a live worker that declares the name, the last one in force stays in force.
 * D3  That code declares none is a declaration too: the empty one.
 * D4  A digest is remembered for a day after its last live worker.
 */
export interface WorkerDefinition {
  readonly kind: DefinitionKind
  readonly name: string
  /** Of all that the definition says; the same digest is the same definition. */
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
  /** What workers declare of a kind, by name, in the order in which they were first seen. */
  definitions(kind: DefinitionKind): Promise<readonly DefinitionInfo[]>
}

/** How long a digest is remembered after its last live worker (D4). */
export const keepDefinitionMs = 86_400_000
