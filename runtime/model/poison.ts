/** After this many losses without a new journal entry the run fails instead of being tried again. */
export const poisonLimit = 5

/**
 * From this streak on, a lease holds at most one such run, so that a bad run doesn't make the runs beside it look like
 * poison.
 * The partial indexes of the embedded store contain this number: changing it needs a migration there.
 */
export const suspectStreak = 2

/** A worker that is cut off from the store and comes back has cost its runs one loss each, which is taken back. */
export const cutBounds = {
  /** After this many cuts of its workers without a new entry the run fails instead of being tried again. */
  perRun: 20,
  /** After this many cuts its peers no longer declare a worker dead: its lease decides. */
  exemptFrom: 3,
  /** After this long without a cut a worker counts as new again. */
  rememberedMs: 600_000,
} as const

/** Ms before the next claim, by losses in a row. */
export const lossDelaysMs = [0, 1_000, 5_000, 30_000, 120_000] as const

/** Returns the ms before a run is claimed again after its `streak`-th loss in a row without a new entry. */
export function lossDelayMs(streak: number): number {
  return lossDelaysMs[Math.min(streak, lossDelaysMs.length) - 1] ?? 0
}

/** How a loss was detected: by the end of the worker's process, or of its lease. */
export type LossCause = 'exit' | 'lease'

/** How often each kind of loss that counts was detected; a cut is a loss whose process came back. */
export interface LossCounts {
  readonly exit: number
  readonly cut: number
  readonly lease: number
}

/** Counts the losses in a run's history. */
export function countLosses(
  history: readonly { readonly kind: string; readonly cause?: LossCause }[],
): LossCounts {
  const count = (of: LossCause): number => {
    const lost = history.filter(({ kind, cause = 'exit' }) => kind === 'lost' && cause === of).length
    // Stops that don't count against the run.
    const takenBack = history.filter(({ kind, cause }) => kind === 'explained' && cause === of).length
    return Math.max(0, lost - takenBack)
  }
  const cut = history.filter(({ kind }) => kind === 'cut').length
  // A cut was first recorded as an exit.
  return { exit: Math.max(0, count('exit') - cut), cut, lease: count('lease') }
}
