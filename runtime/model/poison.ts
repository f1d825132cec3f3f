/** This many losses without a new journal entry, and the run is failed instead of tried again. */
export const poisonLimit = 5

/**
 * From this streak on, a lease holds at most one such run: a bad one must not convict the good ones beside it.
 * The partial indexes of the embedded store hold this number: changing it needs a migration there.
 */
export const suspectStreak = 2

/** A worker that is cut off from the store and comes back has cost its runs a loss each, which is taken back. */
export const cutBounds = {
  /** This many cuts of its workers without a new entry, and the run is failed instead of tried again. */
  perRun: 20,
  /** From this many cuts of a worker on its peers no longer take it for dead: its lease decides. */
  exemptFrom: 3,
  /** Without a cut for so long a worker is as good as new. */
  rememberedMs: 600_000,
} as const

/** Ms before the next claim, by losses in a row. */
export const lossDelaysMs = [0, 1_000, 5_000, 30_000, 120_000] as const

/** Ms before a run is claimed again after its `streak`-th loss in a row without a new entry. */
export function lossDelayMs(streak: number): number {
  return lossDelaysMs[Math.min(streak, lossDelaysMs.length) - 1] ?? 0
}

/** What a loss was seen by: the end of the worker's process, or of its lease. */
export type LossCause = 'exit' | 'lease'

/** How often each kind of loss was seen that counts; a cut is a loss whose process came back. */
export interface LossCounts {
  readonly exit: number
  readonly cut: number
  readonly lease: number
}

/** Counts the losses that a run's history tells of. */
export function countLosses(
  history: readonly { readonly kind: string; readonly cause?: LossCause }[],
): LossCounts {
  const count = (of: LossCause): number => {
    const lost = history.filter(({ kind, cause = 'exit' }) => kind === 'lost' && cause === of).length
    // Stops that say nothing about the run.
    const takenBack = history.filter(({ kind, cause }) => kind === 'explained' && cause === of).length
    return Math.max(0, lost - takenBack)
  }
  const cut = history.filter(({ kind }) => kind === 'cut').length
  // A cut was taken for an exit at first.
  return { exit: Math.max(0, count('exit') - cut), cut, lease: count('lease') }
}
