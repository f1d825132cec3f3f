import type { RunId } from '../model/run-id.ts'

/*
 * The steps that run now. A worker reports them with its renewals, and only if there is news.
 * OS1  It reports steps whose body has run for more than a second, the longest of each run. A step that sleeps, waits
 * for a limit or pauses before its next attempt is not open: its journal or its waitlist says so.
 * OS2  Ages are sent, never instants: the store turns them into its own time.
 * OS3  A lease's report holds until its next one, and is gone with the lease. It belongs to one execution of a run (its
 * fence). A late repeat replaces nothing newer.
 */

/** A running step, as its worker reported it. */
export interface OpenStep {
  readonly run: RunId
  /** Of the execution that the step belongs to. */
  readonly fence: number
  /** Cut at 120 bytes. */
  readonly path: string
  /** How long its attempt had run at the time of the report. */
  readonly openMs: number
}

/** A worker's report of all its open steps; it replaces the previous one. */
export interface OpenSteps {
  /** Grows with each report of a process. */
  readonly n: number
  /** How long ago these ages were right. */
  readonly agoMs: number
  /** One per run; none: no step is open any more. */
  readonly steps: readonly OpenStep[]
}

/** `bytes` bounds all steps of a worker together. */
const openStepBounds = { fromMs: 1_000, pathBytes: 120, bytes: 8_192 } as const

/** The weight of a step besides its path and its run's id: fence, age and the framing of both engines. */
const frameBytes = 48

/** Returns the steps to report (OS1), the longest open first, within the bounds. */
export function boundOpenSteps(open: readonly OpenStep[]): readonly OpenStep[] {
  const told: OpenStep[] = []
  let bytes = 0
  for (const step of open.toSorted((a, b) => b.openMs - a.openMs)) {
    if (step.openMs <= openStepBounds.fromMs) break
    const path = toldPath(step.path)
    bytes += Buffer.byteLength(path) + Buffer.byteLength(step.run) + frameBytes
    if (bytes > openStepBounds.bytes) break
    told.push({ ...step, path, openMs: Math.round(step.openMs) })
  }
  return told
}

/** Returns a step's path as it's reported: cut at 120 bytes. */
export function toldPath(path: string): string {
  return cutText(path, openStepBounds.pathBytes)
}

/** Cuts a text to at most `maxBytes` of UTF-8, between characters. */
function cutText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  // A byte 10xxxxxx continues the previous character.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
