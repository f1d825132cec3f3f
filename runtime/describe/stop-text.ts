import { bodyGraceMs } from '../model/body-grace.ts'
import { formatDuration } from '../model/format-duration.ts'

/** Says what a run's worker does after an order to stop the run; without a full stop. */
export function stopText(worker: string): string {
  return `worker ${worker} stops it at its next step edge; a step that doesn't end is given up after ${formatDuration(bodyGraceMs)}`
}
