import type { AbortReason, JournalFullError } from '../model/errors.ts'

/** Why an execution has to end although the job's function has not. */
export type Stop =
  | { readonly kind: 'draining' }
  /** The run needs scale-in protection, and the task has none or loses it. */
  | { readonly kind: 'unprotected' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'timed out' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'journal full'; readonly error: JournalFullError }

/** Whether the run is handed over at its next step edge; at-most-once bodies continue (R12). */
export function isHandOver({ kind }: Stop): boolean {
  return kind === 'draining' || kind === 'unprotected'
}

export const abortReasons: Readonly<Record<Stop['kind'], AbortReason>> = {
  draining: 'draining',
  unprotected: 'protection lost',
  cancelled: 'cancelled',
  'timed out': 'timeout',
  lost: 'lease lost',
  blocked: 'run ended',
  'journal full': 'run ended',
}
