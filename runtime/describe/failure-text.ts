import { isDigest } from '../model/failure-mark.ts'
import type { FailureGroup } from '../store/failures.ts'

/** What failed, on one line; the code only where it says more than name and message. */
export function failureText({ name, code, text }: FailureGroup): string {
  const isNew = code !== undefined && !text.includes(code) && !isNameOf(code, name)
  const head = isNew ? `${name} ${code}` : name
  return text === '' ? head : `${head}: ${text}`
}

/** As `STEP_TIMEOUT` of a StepTimeoutError. */
function isNameOf(code: string, name: string): boolean {
  return name.toLowerCase().startsWith(code.replaceAll('_', '').toLowerCase())
}

/** Tries in the last minutes, the one that runs included. */
export function triesIn({ perMinute }: FailureGroup, minutes: number): number {
  return perMinute.slice(-minutes).reduce((sum, tries) => sum + tries, 0)
}

/** As much of a fingerprint as tells groups of one store apart. */
export function shortFingerprint(fingerprint: string): string {
  return isDigest(fingerprint) ? fingerprint.slice(0, -4) : fingerprint
}
