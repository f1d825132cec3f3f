interface Death {
  /** Whether a loss by it doesn't count against the runs (R17). */
  readonly blameless: boolean
  /** What told the task to stop. Left out: nothing did. */
  readonly stoppedBy?: string
  /** Whether the cluster's words say more than the kind. */
  readonly quoted?: true
}

/*
 * Why the task of a lost worker ended.
 * - `service`: the scheduler stopped it, and the reason isn't known
 * - `unhealthy`: the scheduler stopped it because its health check failed. It may have had a run that blocks the event
 * loop.
 * - `spot`: its capacity was reclaimed
 * - `out of memory`: a container of it used too much
 * - `unknown`: it ended for another reason, given by the text
 */
const deaths = {
  'scale-in': { blameless: true, stoppedBy: 'scale-in' },
  deployment: { blameless: true, stoppedBy: 'a deployment' },
  service: { blameless: true, stoppedBy: 'the service', quoted: true },
  unhealthy: { blameless: false, stoppedBy: 'the service, its health check failed' },
  spot: { blameless: true, stoppedBy: 'Spot' },
  user: { blameless: true, stoppedBy: 'a user', quoted: true },
  'out of memory': { blameless: false },
  unknown: { blameless: false, quoted: true },
} as const

export type DeathKind = keyof typeof deaths

export const deathKinds: readonly DeathKind[] = Object.keys(deaths) as DeathKind[]

/** Why the task of a lost worker ended, according to its cluster. */
export interface DeathCause {
  readonly kind: DeathKind
  /** How long after its signal the process was killed. Left out: it wasn't, or that isn't known. */
  readonly killedAfterMs?: number
  /** The cluster's words, verbatim. */
  readonly text: string
}

/** Longer texts are cut. */
export const maxDeathText = 500

/** Returns the row of a kind; one that only a newer version knows is taken for `unknown`. */
function deathOf(kind: DeathKind): Death {
  return Object.hasOwn(deaths, kind) ? deaths[kind] : deaths.unknown
}

export function isBlameless({ kind }: Pick<DeathCause, 'kind'>): boolean {
  return deathOf(kind).blameless
}

/** Returns whether the task was told to stop. */
export function isStop(kind: DeathKind): boolean {
  return deathOf(kind).stoppedBy !== undefined
}

/** Returns what ended a worker's task: `stopped by scale-in, SIGKILL after 30 s`. */
export function deathText({ kind, killedAfterMs, text }: DeathCause): string {
  const { stoppedBy, quoted } = deathOf(kind)
  // ECS gives times in seconds.
  const killed = killedAfterMs === undefined ? '' : `, SIGKILL after ${Math.round(killedAfterMs / 1_000)} s`
  const end = stoppedBy === undefined ? kind : `stopped by ${stoppedBy}${killed}`
  return quoted && text !== '' ? `${end} (${text})` : end
}
