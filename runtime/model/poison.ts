/** This many losses without a new journal entry, and the run is failed instead of tried again. */
export const poisonLimit = 5

/**
 * From this streak on, a lease holds at most one such run: a bad one must not convict the good ones beside it.
 * The partial indexes of the embedded store hold this number: changing it needs a migration there.
 */
export const suspectStreak = 2

/** Ms before the next claim, by losses in a row. */
export const lossDelaysMs = [0, 1_000, 5_000, 30_000, 120_000] as const

/** Ms before a run is claimed again after its `streak`-th loss in a row without a new entry. */
export function lossDelayMs(streak: number): number {
  return lossDelaysMs[Math.min(streak, lossDelaysMs.length) - 1] ?? 0
}
