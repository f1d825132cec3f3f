const signals = ['SIGTERM', 'SIGINT'] as const

/** Until `handSignalsOver`, a signal ends the process at once and cleanly: nothing has been claimed yet. */
export function endOnSignals(): void {
  for (const signal of signals) process.on(signal, end)
}

/** Call it once somebody else listens. */
export function handSignalsOver(): void {
  for (const signal of signals) process.off(signal, end)
}

function end(): void {
  process.exit(0)
}
