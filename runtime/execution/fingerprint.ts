import { createHash } from 'node:crypto'
import type { FailureMark } from '../model/failure-mark.ts'
import { innermostCause } from '../model/innermost-cause.ts'
import { type StepPath, stepName } from '../model/step-path.ts'
import type { StoredError } from '../model/stored-error.ts'
import { normalizedMessage } from './normalized-message.ts'

/*
 * The group that a failure belongs to: its innermost cause, in its job and step.
 * A mark is made of the stored error, never of the thrown one: an error that is read from the journal has the same
 * mark, and no code of the author runs here.
 */

/** The position of a failure. */
export interface FailurePlace {
  readonly job: string
  /** Of the job's code. */
  readonly version: number
  /** The step that failed; left out for code between steps. */
  readonly step?: StepPath
}

const maxNameLength = 100
const maxCodeLength = 64
const digestLength = 12

export function failureMark(error: StoredError, { job, version, step = '' }: FailurePlace): FailureMark {
  const cause = innermostCause(error)
  const name = cause.name.slice(0, maxNameLength).toWellFormed()
  const code = codeOf(cause)
  const plainStep = stepName(step)
  // Errors of this package name the step.
  const message = step === plainStep ? cause.message : cause.message.replaceAll(step, plainStep)
  const text = normalizedMessage(message)
  const parts = JSON.stringify([job, plainStep, name, code ?? null, text])
  const digest = createHash('sha256').update(parts).digest('hex').slice(0, digestLength)
  const fingerprint = `f1:${digest}`
  return { fingerprint, step: plainStep, name, ...(code === undefined ? {} : { code }), text, version }
}

function codeOf({ code, status }: StoredError): string | undefined {
  const own = code ?? status
  return own === undefined || own === '' ? undefined : String(own).slice(0, maxCodeLength).toWellFormed()
}
