/**
 * Why the task of a lost worker ended:
 * - `scale-in`, `deployment`, `service`: the scheduler stopped it; `service` where it isn't known what for
 * - `unhealthy`: the scheduler stopped it since its health check failed
 * - `spot`: its capacity was taken back
 * - `user`: somebody stopped it
 * - `out of memory`: a container of it used too much
 * - `unknown`: it ended for another reason; the text says what is known
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

/** Why the task of a lost worker ended, as its cluster tells. */
export interface DeathCause {
  readonly kind: DeathKind
  /** How long after its signal the process was killed. Left out: it wasn't, or that isn't known. */
  readonly killedAfterMs?: number
  /** What the cluster said, word for word. */
  readonly text: string
}

/** Longer texts are cut. */
export const maxDeathText = 500

/**
 * Whether a loss by such a death says nothing about the runs (R17). A task that was replaced since its health check failed may
 * have had a run that blocks the event loop.
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
  // ECS tells times by the second.
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
