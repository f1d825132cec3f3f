import { type DeathCause, deathKinds, deathText, maxDeathText } from '../model/death-cause.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { LossCause } from '../model/poison.ts'

/*
 * Lost workers of ECS tasks, kept so that the cause of their end can be added later.
 * LW1  A lost lease whose worker reported its task is kept for an hour, with at most `maxLostRuns` of the runs lost
 * with it: each with the losses and the loss streak that it had right after the loss.
 * LW2  The first reported cause stays. A repeat changes nothing.
 * LW3  A blameless death (model/death-cause.ts) takes the loss back from the streak of each of these runs, with the
 * pause that came with it, unless the run has stored an entry or was lost again since. `losses` stays. A run that
 * failed as poisoned meanwhile stays failed.
 * LW4  The history of each of these runs records the cause, in any state of the run.
 * LW5  ECS's word ends a lease only while it is silent, and only if the store has not seen it since the caller asked
 * ECS: P2, and never by a time that isn't the store's.
 */

/** How long a lost worker is kept. */
export const keepLostMs = 3_600_000
/** Of one lost worker. */
export const maxLostRuns = 200
/** The oldest ones beyond this number are dropped before their time. */
export const maxLostWorkers = 1_000
/** An operator sees at most this many lost workers, and ECS is asked about this many silent ones, the newest first. */
export const maxToldWorkers = 100

/** A worker is silent after this part of its lease: it has missed two renewals. */
export const silentShare = 0.6
/** A shorter lease expires before ECS reports an end. */
export const silentFromLeaseMs = 30_000

/** A worker of an ECS task that was lost within the last hour. */
export interface LostWorker {
  readonly name: string
  readonly taskArn: string
  readonly lostAt: number
  /** How the loss was detected. */
  readonly seenBy: LossCause
  /** How many runs it held. */
  readonly runs: number
  /** What ended its task, once that is known. */
  readonly death?: DeathCause
}

/** A worker about whose task ECS should be asked. */
export type SilentTask = {
  readonly lease: string
  readonly worker: string
  readonly taskArn: string
} /** Its lease is over, and what ended its task isn't known. */ & (
  | { readonly state: 'lost'; readonly lostAgoMs: number }
  /** Its lease still runs, but the store has not seen it for two renewals; `seenAt` is for `reclaimStopped`. */
  | { readonly state: 'silent'; readonly seenAt: number }
)

export interface LostWorkerStore {
  /**
   * Returns the workers about whose tasks ECS should be asked: all lost ones that are kept, since one left out would
   * never be asked about, and at most `maxToldWorkers` silent ones; of each kind the newest first.
   */
  silentTasks(): Promise<readonly SilentTask[]>
  /**
   * Records what ended the task of a lost worker (LW2, LW3, LW4). `explained`: now or before. `unknown`: no lost worker
   * with this lease is kept.
   * @throws InvalidOptionsError for an invalid cause.
   */
  explainLoss(lease: string, death: DeathCause): Promise<'explained' | 'unknown'>
  /**
   * Ends the lease of a silent worker whose task is stopped according to ECS (LW5). `lost`: it has ended, now or
   * before.
   */
  reclaimStopped(lease: string, seenAt: number): Promise<'lost' | 'not lost'>
}

export interface LostWorkerInspector {
  /** Returns workers of ECS tasks that were lost within the last hour, the newest first; at most `maxToldWorkers`. */
  lostWorkers(): Promise<readonly LostWorker[]>
}

/** @throws InvalidOptionsError (S5) */
export function checkDeath({ kind, killedAfterMs, text }: DeathCause): void {
  if (!deathKinds.includes(kind)) {
    throw new InvalidOptionsError(
      `explainLoss: '${kind}' is no kind of death; write one of ${deathKinds.join(', ')}`,
    )
  }
  if (typeof text !== 'string' || text.length > maxDeathText) {
    throw new InvalidOptionsError(`explainLoss: its text is to be one of at most ${maxDeathText} characters`)
  }
  if (killedAfterMs !== undefined && !(Number.isFinite(killedAfterMs) && killedAfterMs >= 0)) {
    throw new InvalidOptionsError(`explainLoss: ${killedAfterMs} ms can't be how long a process had`)
  }
}

/** The entry of a run's history about an explained loss, by whether the loss still counts. */
export function explainedReasons(
  death: DeathCause,
): Readonly<Record<'taken back' | 'too late' | 'stands', string>> {
  const text = deathText(death)
  return {
    'taken back': `${text}; the loss doesn't count`,
    'too late': `${text}; the run was given up as poisoned before that was known, and keeps its end`,
    stands: text,
  }
}
