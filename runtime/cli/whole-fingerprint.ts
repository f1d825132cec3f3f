import type { FailureGroup } from '../store/failures.ts'
import type { Inspector } from '../store/store.ts'
import { usageError } from './usage-error.ts'

/** The group that the text begins, with or without `f1:`; undefined when none does. It is a usage error when several do. */
export async function findFailure(inspector: Inspector, typed: string): Promise<FailureGroup | undefined> {
  const fingerprint = withRules(typed)
  const groups = await inspector.failures({ fingerprint, limit: 4 })
  const whole = groups.find((group) => group.fingerprint === fingerprint)
  if (whole !== undefined || groups.length < 2) return whole ?? groups[0]
  const some = groups.slice(0, 3).map((group) => group.fingerprint)
  throw usageError(
    `'${typed}' matches several failures (${some.join(', ')}${groups.length > 3 ? ' …' : ''}); type more characters`,
  )
}

/** A fingerprint as it was typed, or the one that begins so. */
export async function wholeFingerprint(inspector: Inspector, typed: string): Promise<string> {
  const group = await findFailure(inspector, typed)
  return group?.fingerprint ?? withRules(typed)
}

/** Lists print fingerprints with the name of their rules, people leave it out. */
function withRules(typed: string): string {
  return /^f\d+:/.test(typed) ? typed : `f1:${typed}`
}
