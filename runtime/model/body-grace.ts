/** How long an aborted body of a step may take to end before the runtime goes on without it. */
export const bodyGraceMs = 5_000
