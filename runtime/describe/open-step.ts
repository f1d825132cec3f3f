import { formatDuration } from '../model/format-duration.ts'
import type { RunningStep } from '../model/run.ts'

/** Returns where a held run is, to follow its worker: `, in 'charge' for 42.0 s, as of 3.0 s ago`; '' when none is known. */
export function openStepPart(step: RunningStep | undefined): string {
  if (step === undefined) return ''
  const { path, openMs, toldAgoMs } = step
  return `, in '${path}' for ${formatDuration(openMs)}, as of ${formatDuration(toldAgoMs)} ago`
}

/** Returns the same as a sentence of its own, or none. */
export function openStepSentences(step: RunningStep | undefined): string[] {
  if (step === undefined) return []
  const { path, openMs, toldAgoMs } = step
  return [
    `It has been in step '${path}' for ${formatDuration(openMs)}, as of ${formatDuration(toldAgoMs)} ago.`,
  ]
}
