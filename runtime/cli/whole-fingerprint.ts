import { beginsDigest } from '../model/failure-mark.ts'
import type { FailureGroup } from '../store/failures.ts'
import type { Inspector } from '../store/store.ts'
import { usageError } from './usage-error.ts'

/**
 * Returns the group with this fingerprint, with or without `f1:`, or whose digest begins so; undefined if there is
 * none. It is a usage error if several do. A fingerprint that ends with the name of a job is never completed:
 * `timeout:pay` is not `timeout:pay-back`.
 */
export async function findFailure(inspector: Inspector, typed: string): Promise<FailureGroup | undefined> {
  const fingerprint = withRules(typed)
  const groups = await inspector.failures({ fingerprint, limit: 4 })
  const [first] = groups
  if (first?.fingerprint === fingerprint) return first
  if (!beginsDigest(fingerprint)) return undefined
  // The name of the rules alone is ambiguous.
  if (groups.length < 2) return fingerprint.endsWith(':') ? undefined : first
  const some = groups.slice(0, 3).map((group) => group.fingerprint)
  throw usageError(
    `'${typed}' matches several failures (${some.join(', ')}${groups.length > 3 ? ' …' : ''}); type more characters`,
  )
}

/** Returns a fingerprint as typed, or the one that begins so. */
export async function wholeFingerprint(inspector: Inspector, typed: string): Promise<string> {
  const group = await findFailure(inspector, typed)
  return group?.fingerprint ?? withRules(typed)
}

/** Lists print fingerprints with the name of their rules, people omit it. */
function withRules(typed: string): string {
  return /^f\d+:/.test(typed) ? typed : `f1:${typed}`
}
