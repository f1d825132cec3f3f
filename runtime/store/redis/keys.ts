/*
 * Every key of a namespace. All carry its hash tag, so that in a cluster they share one slot and one script
 * may use them all.
 */

/** Keys that exist independently of runs, in the order in which scripts that need `all` get them. */
export const staticKeys = [
  /**
   * hash: format, epoch, seq, events, classes, seenAt, sweptTo, keepersSweptTo, failedSweptTo, confirmations, linesFrom, left, settled,
   * clockOffset, clockMoves, clockJumps, gapFrom, gapTo, recountedTo, recountedAt; looker, deputy, lookedAt, lookEvery, lookPaused, awayAt, awayUntil, away
   * rolled, countedSince, sampledSince, asked
   */
  'meta',
  /** hash: run -> record */
  'runs',
  /** hash: `i` run -> input too large for the record, `o` run -> outcome too large for it */
  'payloads',
  /** hash: run -> its history besides its steps */
  'history',
  /** lex set: class, priority, number in line, run */
  'ready',
  /** The same, for runs that may have killed workers (R17). */
  'suspects',
  /** hash: job -> its classes (code, queue, version as stored-version.ts has it) that may hold ready runs */
  'classes',
  /** set by ms: runs by their next timer */
  'due',
  /** lex set: state, number in line, run; for states that are neither ready nor held */
  'index',
  /** lex set: state, job, queue, number in line, run; for the states of `index` but completed */
  'groups',
  /** lex set: state, when it came into it, number in line, run; for the same but scheduled, and ready runs that waited before */
  'changed',
  /** lists: when it ended, run; oldest first, to be pruned from there */
  'endedCompleted',
  'endedFailed',
  'endedCancelled',
  'endedExpired',
  /** lex set: lease, run */
  'held',
  /** hash: run -> fence, position, bytes, streak, lease of its holder */
  'stays',
  /** hash: lease -> worker, with the ARN of its ECS task */
  'workers',
  /** set by ms: leases by their end */
  'leases',
  /** hash: lease -> seen at, lease ms, draining, drain order, ended, runs to cancel */
  'status',
  /** hash: lease -> number, time and steps of its last report of open steps */
  'openSteps',
  /** hash: lease -> number and time of its last report, and the report: worker-report.ts */
  'reports',
  /**
   * hash: lease -> number and reply of its last claim, its protection level, how many runs without protection it left;
   * `before LEASE` -> the same of the previous claim
   */
  'claims',
  /** hash: lease -> server, connections of its process and when each was reported, for the check of peers */
  'beats',
  /**
   * hash: `w` worker's name -> its cuts and the last one; `l` lease that was declared dead -> the losses of its runs
   */
  'cuts',
  /** hash: `w` lease of a lost worker of an ECS task -> the worker, and what ended its task; `r` lease -> runs lost with it */
  'lost',
  /** set by ms: leases of `lost` by when they were lost */
  'lostOrder',
  /** lex set: job, lease, version */
  'knows',
  /** hash: lease -> free slots it reported with an empty-handed claim */
  'idle',
  /** hash: queue -> pause */
  'paused',
  /** lex set: tag, number in line, run */
  'tags',
  /** hash: queue, state -> how many, for scheduled, waiting, blocked; read by earlier versions only */
  'counts',
  /** hash: queue, job, state -> how many runs, but for ready ones; behind an empty queue: as far as a recount has come */
  'runCounts',
  /** hash: job, key -> run that holds it by its state, or end of a window and run */
  'unique',
  /** hash: request -> answer */
  'requests',
  /** set by ms: `q` request, `t` removed run, `l` ended lease, `k` window of a unique key, `f` key of a limiter, until forgotten */
  'forget',
  /** hash: limiter -> rule, and manual numbers */
  'limiters',
  /** hash: limiter, key -> used, since, reservations, when they lapse, closed until, timer, period */
  'limitKeys',
  /** set by ms: limiter, key; when its waitlist is checked next */
  'limitTimers',
  /** lex set: limiter, key, priority, number in line, run, step */
  'limitLines',
  /** The same, only of runs that keep slots until they have ended. */
  'limitKeepers',
  /** lex set: limiter, key, run, step; the holders of slots */
  'limitHolders',
  /** lex set: limiter, key, ms, cost; the starts that a sliding window counts */
  'limitStarts',
  /** lex set: limiter, key, number in line, run; aged waiters */
  'limitSeniors',
  /** stream: transitions by number, up to 100 per entry */
  'events',
  /** stream: operations by number */
  'operations',
  /**
   * hash: minute, queue, job -> counts and histograms; `h` hour, queue, job -> the same for an hour; `m` or `s` and a slot ->
   * a minute or an hour, and the backlogs when it began
   */
  'minutes',
  /** set by minute, or by 10^9 and hour: cells of `minutes` */
  'minuteOrder',
  /** hash: role -> its last term, and its holder, if any */
  'terms',
  /** hash: kind, name -> the declarations of workers, and the one in force */
  'definitions',
  /** hash: name -> schedule */
  'schedules',
  /** hash: name -> pattern, zone and everything else that a leader reads of a schedule */
  'scheduleSpecs',
  /** set by ms: `t` schedule by when its next tick is due, `q` schedule with queued ticks by its next check */
  'schedulesDue',
  /** hash: schedule, number -> ledger entry */
  'ledger',
  /** set by ms of the server's clock: scheduled runs by the instant they wait for */
  'instants',
  /** hash: action -> its task, operator and reason */
  'actions',
  /** hash: action -> cursor, done, refused and the first refusals with their reasons */
  'actionProgress',
  /** set by ms: actions by their last chunk, until forgotten */
  'actionOrder',
  /** hash: finding -> the end of its mute, operator and reason */
  'mutes',
  /** hash: fingerprint -> group of failures */
  'failures',
  /** set by ms: fingerprints of `failures` by when they were last seen */
  'failureOrder',
  /** lex set: fingerprint, number in line, run; runs that are failed now */
  'failedBy',
] as const

export type StaticKey = (typeof staticKeys)[number]

export class Keys {
  /** The prefix of every key and channel. */
  readonly prefix: string

  constructor(namespace: string) {
    this.prefix = `{${namespace}}:`
  }

  of(name: StaticKey): string {
    return this.prefix + name
  }

  /** The list of a run's journal entries; an entry's index in the list is its position. */
  journal(run: string): string {
    return `${this.prefix}journal:${run}`
  }

  wakeChannel(lease: string): string {
    return `${this.prefix}wake:${lease}`
  }

  /** Announces that a role may be vacant. */
  get vacancyChannel(): string {
    return `${this.prefix}vacancy`
  }

  /** Announces that a schedule may be due sooner than its leader knows. */
  get schedulesChannel(): string {
    return `${this.prefix}schedules`
  }

  get changesChannel(): string {
    return `${this.prefix}changes`
  }
}
