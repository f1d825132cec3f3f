import type { ExpectedMute, ExpectingWrite } from '../model/expecting-write.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'

/** A finding that an operator has muted: see attention/. */
export interface Mute {
  /** Id of the finding. */
  readonly finding: string
  readonly until: number
  readonly by: string
  readonly reason?: string
}

/** How many mutes a namespace keeps at a time, and how long one may last. */
export const maxMutes = 200
export const maxMuteMs: number = 30 * 86_400_000
const maxFindingLength = 500

export interface MuteStore {
  /**
   * Mutes a finding from now on for `forMs`; replaces its current mute. Resolves to the time of the mute's end. The
   * store doesn't check whether the finding exists: one that comes and goes stays muted.
   * @throws InvalidOptionsError for an invalid id or duration, and when `maxMutes` others are muted.
   * @throws StaleWriteError; so does `unmuteFinding`
   */
  muteFinding(
    finding: string,
    forMs: number,
    write: ExpectingWrite<ExpectedMute>,
  ): Promise<{ readonly until: number }>
  /** Ends a mute early. Resolves to whether there was one. */
  unmuteFinding(finding: string, write: ExpectingWrite<ExpectedMute>): Promise<boolean>
}

export interface MuteInspector {
  /** Returns the mutes that haven't ended, by id of the finding. */
  mutes(): Promise<readonly Mute[]>
}

/** @throws InvalidOptionsError */
export function checkMute(finding: string, forMs: number): void {
  if (typeof finding !== 'string' || finding === '' || finding.length > maxFindingLength) {
    throw new InvalidOptionsError(
      `'${finding}' is no id of a finding; durable-jobs attention lists them, such as paused-queue:mail`,
    )
  }
  if (!Number.isSafeInteger(forMs) || forMs < 1 || forMs > maxMuteMs) {
    throw new InvalidOptionsError(`a finding can't be muted for ${forMs} ms; mute it for at most 30 days`)
  }
}

export function tooManyMutes(finding: string): InvalidOptionsError {
  return new InvalidOptionsError(
    `'${finding}' was not muted: ${maxMutes} findings are muted already; unmute one first ` +
      '(durable-jobs attention --muted lists them)',
  )
}
