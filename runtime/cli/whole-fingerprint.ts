import type { Inspector } from '../store/store.ts'
import { usageError } from './usage-error.ts'

/** A fingerprint as it was typed, or the one that begins so. It is a usage error when several do. */
export async function wholeFingerprint(inspector: Inspector, typed: string): Promise<string> {
  const groups = await inspector.failures({ fingerprint: typed, limit: 2 })
  const found = groups.map(({ fingerprint }) => fingerprint)
  if (found.length < 2 || found.includes(typed)) return found.length === 1 ? (found[0] ?? typed) : typed
  throw usageError(`several groups of failures begin with '${typed}': ${found.join(', ')}; write more of it`)
}
