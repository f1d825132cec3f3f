import { hostname, userInfo } from 'node:os'
import type { OperatorOptions } from './shared-options.ts'

/** Who asks for a change and why. */
export function operator(options: OperatorOptions): { by: string; reason?: string } {
  const by = options.by ?? `${userName()}@${hostname()}`
  return options.reason === undefined ? { by } : { by, reason: options.reason }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container's user id often has no name.
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}
