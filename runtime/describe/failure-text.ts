import { isDigest } from '../model/failure-mark.ts'
import type { FailureGroup } from '../store/failures.ts'

/** Returns the failure on one line; the code only if it says more than name and message. */
export function failureText({ name, code, text }: FailureGroup): string {
  const isNew = code !== undefined && !text.includes(code) && !isNameOf(code, name)
  const head = isNew ? `${name} ${code}` : name
  return text === '' ? head : `${head}: ${text}`
}

/** Such as `STEP_TIMEOUT` of a StepTimeoutError. */
function isNameOf(code: string, name: string): boolean {
  return name.toLowerCase().startsWith(code.replaceAll('_', '').toLowerCase())
}

/** Returns the tries in the last minutes, including the current one. */
export function triesIn({ perMinute }: FailureGroup, minutes: number): number {
  return perMinute.slice(-minutes).reduce((sum, tries) => sum + tries, 0)
}

/** Returns as much of a fingerprint as distinguishes the groups of one store. */
export function shortFingerprint(fingerprint: string): string {
  return isDigest(fingerprint) ? fingerprint.slice(0, -4) : fingerprint
}
