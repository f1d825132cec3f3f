import { onStopSignals, type StopSignals } from '../worker/stop-signals.ts'

let signals: StopSignals | undefined

/** Until `handSignalsOver`, a signal ends the process at once and cleanly: nothing has been claimed yet. */
export function endOnSignals(): void {
  signals = onStopSignals(() => process.exit(0))
}

/** Call it once the worker listens. */
export function handSignalsOver(): void {
  signals?.release()
}
