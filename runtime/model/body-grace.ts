/** How long an aborted step body may take to end before the runtime continues without it. */
export const bodyGraceMs = 5_000
