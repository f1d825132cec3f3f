/** The work that every contestant does: runs of this many no-op steps. */
export const stepsPerRun = 10
