import type { RunId } from '../model/run-id.ts'

/*
 * The steps that run now. A worker tells of them with its renewals, and only when it has something to tell.
 * OS1  Told are steps whose body has run for more than a second, the longest of each run. A step that sleeps, waits for a
 *      limit or pauses before its next try is not open: its journal or its waitlist says so.
 * OS2  Ages travel, never instants: the store turns them into its own time.
 * OS3  What a lease told holds until it tells again, and is gone with the lease. It belongs to one execution of a run (its
 *      fence). A late repeat replaces nothing newer.
 */

/** A step that runs now, as its worker told. */
export interface OpenStep {
  readonly run: RunId
  /** Of the execution that the step belongs to. */
  readonly fence: number
  /** Cut at 120 bytes. */
  readonly path: string
  /** How long its attempt had run when the worker told. */
  readonly openMs: number
}

/** All that a worker tells of its open steps; it replaces what the worker told before. */
export interface OpenSteps {
  /** Grows with each telling of a process. */
  readonly n: number
  /** How long ago these were the ages. */
  readonly agoMs: number
  /** One per run; none: no step is open any more. */
  readonly steps: readonly OpenStep[]
}

/** `bytes` bounds all steps of a worker together. */
const openStepBounds = { fromMs: 1_000, pathBytes: 120, bytes: 8_192 } as const

/** What a step takes beside its path and its run's id: fence, age and the framing of both engines. */
const frameBytes = 48

/** Returns the steps that are told (OS1), the longest open first, within the bounds. */
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

/** Returns a step's path as it's told: cut at 120 bytes. */
export function toldPath(path: string): string {
  return cutText(path, openStepBounds.pathBytes)
}

/** Cuts a text to at most `maxBytes` of UTF-8, between characters. */
function cutText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  // A byte 10xxxxxx goes on with the character before it.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
