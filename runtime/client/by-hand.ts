import { randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import type { ExpectedRun, RunWrite } from '../model/expected-run.ts'
import type { ExpectingWrite } from '../model/expecting-write.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import type { OperatorWrite } from '../model/operator-write.ts'
import { runStates } from '../model/run.ts'

const maxText = 1_000
const maxRequestId = 200

/** The operator of a manual action and the reason; left out: user and host of the process. */
export interface ByHand {
  by?: string | undefined
  reason?: string | undefined
  /** A repeat with the same id changes nothing and gets the same reply, for 10 minutes. Default: a new one. */
  requestId?: string | undefined
}

/** For one run: operator, reason, and the state that the caller saw. */
export interface RunByHand extends ByHand {
  /** Throws RunStateError when the run has changed since it was read. Default: any state. */
  expected?: ExpectedRun | undefined
}

/** For other targets: operator, reason, and the state that the caller saw. */
export interface ByHandOn<Expected> extends ByHand {
  /** Throws StaleWriteError when it has changed since it was read. Default: any state. */
  expected?: Expected | undefined
}

/** Gives a manual action an id, so that a repeat after a lost reply changes nothing. */
export function operatorWrite(write: ByHand): OperatorWrite {
  checkKnownOptions(write, ['by', 'reason', 'requestId'], 'a manual action')
  const { by = defaultOperator(), requestId = randomUUID(), reason = '' } = write
  if (typeof requestId !== 'string' || requestId === '' || requestId.length > maxRequestId) {
    throw new InvalidOptionsError(`requestId: write a text of 1 to ${maxRequestId} characters`)
  }
  for (const [name, text] of Object.entries({ by, reason })) {
    if (typeof text !== 'string' || text.length > maxText) {
      throw new InvalidOptionsError(`${name}: write a text of at most ${maxText} characters`)
    }
  }
  return { by, requestId, ...(write.reason === undefined ? {} : { reason: write.reason }) }
}

/** @throws InvalidOptionsError for an invalid expectation. */
export function runWrite({ expected, ...write }: RunByHand): RunWrite {
  if (expected === undefined) return operatorWrite(write)
  checkKnownOptions(expected, ['states', 'changedAt'], 'expected')
  const { states, changedAt } = expected
  const strange = states.find((state) => !runStates.includes(state))
  if (states.length === 0 || strange !== undefined) {
    throw new InvalidOptionsError(
      `expected.states: ${strange === undefined ? 'none is named' : `'${strange}' is no state`}; write some of ${runStates.join(', ')}`,
    )
  }
  if (changedAt !== undefined && !Number.isFinite(changedAt)) {
    throw new InvalidOptionsError(`expected.changedAt is ${changedAt}; give the changedAt of the run`)
  }
  return { ...operatorWrite(write), expected }
}

/** @throws InvalidOptionsError for an invalid expectation. */
export function expectingWrite<Expected extends object>(
  { expected, ...write }: ByHandOn<Expected>,
  fields: readonly (keyof Expected & string)[],
): ExpectingWrite<Expected> {
  if (expected === undefined) return operatorWrite(write)
  checkKnownOptions(expected, fields, 'expected')
  for (const [name, value] of Object.entries(expected)) {
    if (name !== 'rule' && value !== undefined && !Number.isFinite(value)) {
      throw new InvalidOptionsError(
        `expected.${name} is ${String(value)}; write the number that a read returned, of a Date its getTime()`,
      )
    }
  }
  return { ...operatorWrite(write), expected }
}

/** User and host of this process: recorded, not verified. */
export function defaultOperator(): string {
  return `${userName()}@${hostname()}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container's user id often has no name.
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}
