import { InvalidOptionsError } from './invalid-options-error.ts'
import { messageOf, returnedText } from './thrown.ts'

/** Option `protect` of a job, checked. */
export type ProtectRule = true | ((input: unknown) => unknown)

/** @throws InvalidOptionsError */
export function parseProtect(protect: unknown, at: string): ProtectRule | undefined {
  if (protect === undefined || protect === true) return protect
  if (typeof protect === 'function') return protect as ProtectRule
  throw new InvalidOptionsError(
    `${at}: protect must be true, or a function of the input that returns true or false`,
  )
}

interface ProtectedWhat {
  readonly job: string
  /** The input is that of this schedule. */
  readonly schedule?: string | undefined
}

/**
 * Returns whether a run with this parsed input needs scale-in protection.
 * @throws InvalidOptionsError when the job's function throws or returns no boolean
 */
export function decideProtection(
  rule: ProtectRule,
  input: unknown,
  { job, schedule }: ProtectedWhat,
): boolean {
  if (rule === true) return true
  const at = `job '${job}': protect`
  const what = schedule === undefined ? 'this input' : `the input of schedule '${schedule}'`
  const returned = callRule(rule, input, `${at} threw for ${what}`)
  if (typeof returned === 'boolean') return returned
  throw new InvalidOptionsError(
    `${at} returned ${returnedText(returned)} for ${what}; it must return true or false, at once`,
  )
}

function callRule(rule: Exclude<ProtectRule, true>, input: unknown, problem: string): unknown {
  try {
    return rule(input)
  } catch (cause) {
    throw new InvalidOptionsError(`${problem}: ${messageOf(cause)}`, { cause })
  }
}
