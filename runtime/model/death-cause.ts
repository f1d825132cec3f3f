/**
 * Why the task of a lost worker ended:
 * - `scale-in`, `deployment`, `service`: the scheduler stopped it; `service` if the reason isn't known
 * - `unhealthy`: the scheduler stopped it because its health check failed
 * - `spot`: its capacity was reclaimed
 * - `user`: a user stopped it
 * - `out of memory`: a container of it used too much
 * - `unknown`: it ended for another reason, given by the text
 */
export type DeathKind = (typeof deathKinds)[number]

export const deathKinds = [
  'scale-in',
  'deployment',
  'service',
  'unhealthy',
  'spot',
  'user',
  'out of memory',
  'unknown',
] as const

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

/**
 * Returns whether a loss by such a death doesn't count against the runs (R17). A task that was replaced because its
 * health check failed may have had a run that blocks the event loop.
 */
export function isBlameless({ kind }: Pick<DeathCause, 'kind'>): boolean {
  switch (kind) {
    case 'scale-in':
    case 'deployment':
    case 'service':
    case 'spot':
    case 'user':
      return true
    case 'unhealthy':
    case 'out of memory':
    case 'unknown':
      return false
  }
}

/** Returns what ended a worker's task: `stopped by scale-in, SIGKILL after 30 s`. */
export function deathText({ kind, killedAfterMs, text }: DeathCause): string {
  // ECS gives times in seconds.
  const killed = killedAfterMs === undefined ? '' : `, SIGKILL after ${Math.round(killedAfterMs / 1_000)} s`
  const said = text === '' ? '' : ` (${text})`
  switch (kind) {
    case 'scale-in':
      return `stopped by scale-in${killed}`
    case 'deployment':
      return `stopped by a deployment${killed}`
    case 'spot':
      return `stopped by Spot${killed}`
    case 'out of memory':
      return 'out of memory'
    case 'service':
      return `stopped by the service${killed}${said}`
    case 'unhealthy':
      return `stopped by the service, its health check failed${killed}`
    case 'user':
      return `stopped by a user${killed}${said}`
    case 'unknown':
      return text === '' ? 'unknown' : `unknown (${text})`
  }
}
