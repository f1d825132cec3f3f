import type { CancelTimer, Clock } from '../../model/clock.ts'
import type { DeathCause } from '../../model/death-cause.ts'
import { RunStateError, StoreUnavailableError } from '../../model/errors.ts'
import type { RunWrite } from '../../model/expected-run.ts'
import type {
  ExpectedLimiter,
  ExpectedMute,
  ExpectedPause,
  ExpectedSchedule,
  ExpectingWrite,
} from '../../model/expecting-write.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import type { RetryPlan } from '../../model/job.ts'
import type { JournalEntry, JournalOutline } from '../../model/journal.ts'
import type { LimiterRule } from '../../model/limiter.ts'
import type { OperatorWrite } from '../../model/operator-write.ts'
import type { RunState } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import type { StepPath } from '../../model/step-path.ts'
import type { ActionChunk, ActionInfo, ActionKind, NewAction, RunForecast } from '../actions.ts'
import { clockJumpsCheck } from '../clock-jumps-check.ts'
import { countersCheck } from '../counters-check.ts'
import { deadlockCheck } from '../deadlock-check.ts'
import type { DefinitionInfo, DefinitionKind } from '../definitions.ts'
import { EnqueueOutbox, type EnqueuePart } from '../enqueue-outbox.ts'
import type { EventPage, EventQuery } from '../events.ts'
import type { ExecutionInfo } from '../executions.ts'
import type { FailureFilter, FailureGroup } from '../failures.ts'
import type { HeldKeyPage, HeldKeyQuery } from '../held-keys.ts'
import { leaderCheck } from '../leader-check.ts'
import type { RuleChange } from '../limiter-rules.ts'
import type {
  AcquireReply,
  AcquireRequest,
  CostCorrection,
  LimiterInfo,
  LimiterKeyInfo,
  LinePlace,
  StepUse,
  WorkerLimiter,
} from '../limiters.ts'
import { checkDeath, type LostWorker, type SilentTask } from '../lost-workers.ts'
import { lostWorkers } from '../lost-workers-check.ts'
import { checkMute, type Mute } from '../mutes.ts'
import type { NewRun } from '../new-run.ts'
import type { Overview, OverviewQuery } from '../overview.ts'
import type { EngineDeps } from '../preparation.ts'
import { queueChecks } from '../queue-checks.ts'
import { actionsBytes, checkActionsLimit, checkChunk, checkForecast } from '../read-action.ts'
import { checkFailureFilter } from '../read-limits.ts'
import type { ReadyClass } from '../ready-classes.ts'
import type { RecountReport } from '../recount.ts'
import type { RunCount, RunPage, RunQuery } from '../run-filter.ts'
import { scheduleCheck } from '../schedule-check.ts'
import type {
  DueSchedules,
  Fire,
  FireReply,
  LedgerLine,
  ScheduleInfo,
  ScheduleSpec,
  TriggerReply,
} from '../schedules.ts'
import { sqlitePath } from '../sqlite-path.ts'
import type { Statistics, StatisticsRange } from '../statistics.ts'
import type {
  Checkpoint,
  ClaimReply,
  ClaimRequest,
  CommitReply,
  EnqueueReply,
  Held,
  HistoryEntry,
  JournalPage,
  JournalQuery,
  LeaseId,
  NewWorker,
  QueueInfo,
  RenewReply,
  RetryChoice,
  RunDetails,
  Settlement,
  Store,
  StoreCheck,
  SweepReport,
  ThroughputCell,
  Unsubscribe,
  WorkerInfo,
  WorkerStatus,
} from '../store.ts'
import type { StoreConfig } from '../store-config.ts'
import { type CampaignReply, checkCampaign, type DutyAges, type LeaderInfo } from '../terms.ts'
import type { WaitGraph, WaitGraphFrom } from '../wait-graph.ts'
import type { LimitHolderPage, LimitKeyQuery, LimitWaiterPage } from '../waitlist.ts'
import { ChangeWatch } from './change-watch.ts'
import { writeEvents } from './event-log.ts'
import { inspectExecutions } from './executions.ts'
import { forgetMoved, writeFailedBy } from './failed-by.ts'
import { readFailures, writeFailures } from './failure-groups.ts'
import { hostClocks } from './host.ts'
import { LeaseLocks } from './lease-lock.ts'
import { wakeWaitersAtCommit } from './limits/wake-waiters.ts'
import { inspectLostWorkers, pruneLostWorkers } from './lost-workers.ts'
import { acquire, closeKeys, correctCost } from './operations/acquire.ts'
import {
  applyAction,
  beginAction,
  endAction,
  inspectAction,
  inspectActions,
  planAction,
  pruneActions,
} from './operations/actions.ts'
import { campaign, refuseCampaign, renewTerm, resignTerm } from './operations/campaign.ts'
import { cancel } from './operations/cancel.ts'
import {
  pauseSchedule,
  putSchedule,
  removeSchedule,
  resumeSchedule,
  triggerSchedule,
} from './operations/change-schedule.ts'
import { checkStore } from './operations/checks.ts'
import { claim } from './operations/claim.ts'
import { commit, prepareCommit } from './operations/commit.ts'
import { inspectDefinitions } from './operations/definitions.ts'
import { drainWorker } from './operations/drain-worker.ts'
import { duplicateOf, enqueue, partsOf } from './operations/enqueue.ts'
import { readEvents } from './operations/events.ts'
import { explainLoss, readSilentTasks, reclaimStopped } from './operations/explain-loss.ts'
import { dueSchedules, fire } from './operations/fire.ts'
import {
  inspectEnded,
  inspectHistory,
  inspectQueues,
  inspectRun,
  inspectWorkers,
} from './operations/inspect.ts'
import { inspectLimiterKeys, inspectLimiters, inspectLinePlaces } from './operations/inspect-limiters.ts'
import { inspectLedger, inspectSchedules } from './operations/inspect-schedules.ts'
import { inspectHeldKeys } from './operations/inspect-unique-keys.ts'
import { inspectLimitHolders, inspectWaitlist } from './operations/inspect-waitlist.ts'
import { journalEntries, journalOutline, journalPage, pageBytes } from './operations/journal-page.ts'
import { register, renew, resign } from './operations/lease.ts'
import { defineLimiters, setLimiter, settleLimiters } from './operations/limiters.ts'
import { inspectMutes, muteFinding, unmuteFinding } from './operations/mutes.ts'
import { readOverview } from './operations/overview.ts'
import { pauseQueue, resumeQueue } from './operations/pause-queue.ts'
import { countEnded, prune } from './operations/prune.ts'
import { inspectReadyClasses } from './operations/ready-classes.ts'
import { reclaim } from './operations/reclaim.ts'
import { reconcile } from './operations/reconcile.ts'
import { checkCounts, isRecountDue, recount } from './operations/recount.ts'
import { remove } from './operations/remove.ts'
import { repair } from './operations/repair.ts'
import { planRetry, retry } from './operations/retry.ts'
import { inspectRuns } from './operations/search-runs.ts'
import { readStatistics } from './operations/statistics.ts'
import { inspectLeaders } from './operations/terms.ts'
import { sweepKeys } from './operations/unique.ts'
import { readWaitGraph } from './operations/wait-graph.ts'
import { PeerWatch } from './peer-watch.ts'
import { inspectRunCounts, readRecountedAt, writeRunCounts } from './run-counts.ts'
import { findRun } from './run-row.ts'
import { planAgain } from './schedule-row.ts'
import { formatVersion, readFormat } from './schema.ts'
import { type Moment, StoreClock, shownAt } from './store-clock.ts'
import { StoreFile } from './store-file.ts'
import { readThroughput, writeThroughput } from './throughput.ts'
import type { Transaction } from './transaction.ts'
import { holderOf } from './unique-keys.ts'
import { pickIdleWorkers } from './wake-idle.ts'
import { WakeupFiles } from './wakeup-files.ts'

/** @throws StoreUnavailableError, StoreFormatError, InvalidOptionsError. At most the folder is created. */
export async function openEmbeddedStore(config: StoreConfig, deps: EngineDeps): Promise<Store> {
  const { clock, create } = deps
  const clocks = hostClocks(deps)
  const file = new StoreFile(sqlitePath(config.url), {
    clock,
    clocks,
    create,
    synchronous: config.synchronous,
  })
  try {
    if (deps.prepare === 'at once') await file.prepare()
    else file.check()
    return new EmbeddedStore(file, config, { clock, time: new StoreClock(file, clocks) })
  } catch (error) {
    file.close()
    throw error
  }
}

/** The store on one SQLite file: one method per operation, one transaction each. */
class EmbeddedStore implements Store {
  readonly address: string
  readonly #database: StoreFile
  readonly #config: StoreConfig
  readonly #time: StoreClock
  readonly #clock: Clock
  readonly #locks: LeaseLocks
  readonly #wakeups: WakeupFiles
  readonly #changes: ChangeWatch
  readonly #enqueues: EnqueueOutbox<EnqueuePart>
  readonly #subscriptions = new Set<Unsubscribe>()

  constructor(
    database: StoreFile,
    config: StoreConfig,
    deps: { readonly clock: Clock; readonly time: StoreClock },
  ) {
    this.address = `sqlite:${database.path}`
    this.#database = database
    this.#config = config
    this.#time = deps.time
    this.#clock = deps.clock
    this.#locks = new LeaseLocks(database.path)
    this.#wakeups = new WakeupFiles(database.path)
    this.#changes = new ChangeWatch(deps.clock, () => database.changeCounter())
    this.#enqueues = new EnqueueOutbox({
      send: (parts) => {
        const runs = parts.flatMap((part) => part.runs)
        return this.#write((tx) => enqueue(tx, runs))
      },
      // A full disk stores no run, but an enqueue of an existing run still gets its result.
      isOutage: (error) => StoreUnavailableError.is(error) && error.kind !== 'full',
      // Calls that find the file locked wait concurrently: each has as long as one alone.
      maxInFlight: Number.POSITIVE_INFINITY,
    })
  }

  async enqueue(runs: readonly NewRun[]): Promise<readonly EnqueueReply[]> {
    const answers: EnqueueReply[] = []
    for (const part of partsOf(runs)) answers.push(...(await this.#enqueues.enqueue(part)))
    return answers
  }

  claim(
    lease: LeaseId,
    n: number,
    request: ClaimRequest,
    settle: readonly Settlement[],
  ): Promise<ClaimReply> {
    return this.#write((tx) => claim(tx, lease, n, request, settle))
  }

  async commit(lease: LeaseId, entries: readonly (Checkpoint | Settlement)[]): Promise<CommitReply> {
    const prepared = prepareCommit(entries)
    // R11: an at-most-once intent waits for the disk before its body may begin.
    const durable = entries.some((entry) => entry.kind === 'checkpoint' && entry.record.phase === 'intent')
    return this.#write((tx) => commit(tx, lease, prepared), durable)
  }

  async readJournal(lease: LeaseId, id: RunId, fence: number, from: number): Promise<JournalPage | 'gone'> {
    const run = findRun(this.#database, id)
    if (run?.lease !== lease || run.fence !== fence) return 'gone'
    return journalPage(this.#database, this.#time.look(), run.seq, from, pageBytes)
  }

  reconcile(lease: LeaseId, held: readonly Held[]): Promise<{ readonly drop: readonly RunId[] } | 'lost'> {
    return this.#write((tx) => reconcile(tx, lease, held))
  }

  cancel(run: RunId, write: RunWrite): Promise<{ readonly state: RunState }> {
    return this.#write((tx) => cancel(tx, run, write))
  }

  retry(run: RunId, choice: RetryChoice, write: RunWrite): Promise<RetryPlan> {
    return this.#write((tx) => retry(tx, run, choice, write))
  }

  async planRetry(run: RunId, choice: RetryChoice): Promise<RetryPlan> {
    return planRetry(this.#transaction(), run, choice)
  }

  remove(run: RunId, write: RunWrite): Promise<void> {
    return this.#write((tx) => remove(tx, run, write))
  }

  beginAction(action: NewAction): Promise<ActionInfo> {
    return this.#write((tx) => beginAction(tx, action))
  }

  async applyAction(chunk: ActionChunk): Promise<ActionInfo> {
    checkChunk(chunk)
    return this.#write((tx) => applyAction(tx, chunk))
  }

  endAction(id: string, write: OperatorWrite): Promise<ActionInfo> {
    return this.#write((tx) => endAction(tx, id, write))
  }

  async planAction(
    kind: ActionKind,
    runs: readonly RunId[],
    runAgain: readonly StepPath[],
  ): Promise<readonly RunForecast[]> {
    checkForecast(runs)
    return this.#database.snapshot(() => planAction(this.#transaction(), kind, runs, runAgain))
  }

  async action(id: string): Promise<ActionInfo | undefined> {
    return inspectAction(this.#database, this.#time.look(), id)
  }

  async actions(limit: number): Promise<readonly ActionInfo[]> {
    checkActionsLimit(limit)
    return inspectActions(this.#database, this.#time.look(), limit, actionsBytes)
  }

  async register(worker: NewWorker): Promise<void> {
    await this.#database.prepare()
    // The lock first: a registered lease whose lock is free is a dead one.
    this.#locks.hold(worker.lease)
    await this.#write((tx) => register(tx, worker))
  }

  async renew(lease: LeaseId, status: WorkerStatus): Promise<RenewReply> {
    this.#database.checkFile()
    const answer = await this.#write((tx) => renew(tx, lease, status))
    if (answer.kind === 'lost') this.#locks.drop(lease)
    // R37: a newer version migrated the file under us.
    const outdated = readFormat(this.#database) > formatVersion
    return answer.kind === 'held' && outdated
      ? { kind: 'held', orders: { ...answer.orders, drain: true } }
      : answer
  }

  async resign(lease: LeaseId, keep: readonly RunId[]): Promise<void> {
    await this.#write((tx) => resign(tx, lease, keep))
    if (keep.length === 0) this.#locks.drop(lease)
  }

  /** A live process is never declared dead here: the kernel holds its lock. */
  async reportCut(): Promise<'not cut'> {
    return 'not cut'
  }

  async silentTasks(): Promise<readonly SilentTask[]> {
    return this.#database.snapshot(() => readSilentTasks(this.#database, this.#time.look().now))
  }

  async explainLoss(lease: LeaseId, death: DeathCause): Promise<'explained' | 'unknown'> {
    checkDeath(death)
    return this.#write((tx) => explainLoss(tx, lease, death))
  }

  async reclaimStopped(lease: LeaseId, seenAt: number): Promise<'lost' | 'not lost'> {
    return this.#write((tx) => reclaimStopped(tx, lease, seenAt))
  }

  async drainWorker(worker: string, write: OperatorWrite): Promise<void> {
    const lost = (await this.workers()).find((one) => one.name === worker && one.lost)
    if (lost !== undefined) {
      throw new RunStateError(`worker '${worker}' is dead; the next worker that starts takes its runs over`)
    }
    await this.#write((tx) => drainWorker(tx, worker, write))
  }

  onWakeup(lease: LeaseId, listener: (why: 'look' | 'reconnected') => void): Unsubscribe {
    const stopListening = this.#wakeups.listen(lease, () => listener('look'))
    const peers = new PeerWatch(this.#database, this.#locks, lease)
    let cancel: CancelTimer
    const look = (): void => {
      cancel = this.#clock.after(PeerWatch.intervalMs, () => {
        void this.#reclaimDead(peers.look()).finally(look)
      })
    }
    look()
    return this.#subscription(() => {
      cancel()
      cancel = () => undefined
      stopListening()
    })
  }

  async #reclaimDead(dead: readonly LeaseId[]): Promise<void> {
    if (dead.length === 0) return
    try {
      await this.#write((tx) => {
        for (const lease of dead) reclaim(tx, lease, 'exit')
      })
      for (const lease of dead) {
        this.#locks.drop(lease)
        this.#wakeups.remove(lease)
      }
    } catch {
      // A busy or closing store: the next check finds them again.
    }
  }

  pauseQueue(queue: string, write: ExpectingWrite<ExpectedPause>): Promise<void> {
    return this.#write((tx) => pauseQueue(tx, queue, write))
  }

  resumeQueue(queue: string, write: ExpectingWrite<ExpectedPause>): Promise<void> {
    return this.#write((tx) => resumeQueue(tx, queue, write))
  }

  async muteFinding(
    finding: string,
    forMs: number,
    write: ExpectingWrite<ExpectedMute>,
  ): Promise<{ readonly until: number }> {
    checkMute(finding, forMs)
    const until = await this.#write((tx) => muteFinding(tx, finding, forMs, write))
    return { until: shownAt(this.#time.look(), until) }
  }

  async unmuteFinding(finding: string, write: ExpectingWrite<ExpectedMute>): Promise<boolean> {
    checkMute(finding, 1)
    return this.#write((tx) => unmuteFinding(tx, finding, write))
  }

  async mutes(): Promise<readonly Mute[]> {
    return inspectMutes(this.#database, this.#time.look())
  }

  defineLimiters(lease: LeaseId, limiters: readonly WorkerLimiter[]): Promise<void> {
    return this.#write((tx) => defineLimiters(tx, lease, limiters))
  }

  acquire(lease: LeaseId, request: AcquireRequest): Promise<AcquireReply> {
    return this.#write((tx) => acquire(tx, lease, request))
  }

  closeKeys(lease: LeaseId, request: StepUse & { readonly closedMs: number }): Promise<'closed' | 'gone'> {
    return this.#write((tx) => closeKeys(tx, lease, request))
  }

  correctCost(lease: LeaseId, request: CostCorrection): Promise<'corrected' | 'gone'> {
    return this.#write((tx) => correctCost(tx, lease, request))
  }

  setLimiter(
    name: string,
    numbers: RuleChange | undefined,
    write: ExpectingWrite<ExpectedLimiter>,
  ): Promise<LimiterRule> {
    return this.#write((tx) => setLimiter(tx, name, numbers, write))
  }

  async limiters(): Promise<readonly LimiterInfo[]> {
    return inspectLimiters(this.#transaction())
  }

  async limiterKeys(limiter: string, limit: number): Promise<readonly LimiterKeyInfo[]> {
    return inspectLimiterKeys(this.#transaction(), limiter, limit)
  }

  async limitHolders(query: LimitKeyQuery): Promise<LimitHolderPage> {
    return this.#database.snapshot(() => inspectLimitHolders(this.#transaction(), query))
  }

  async waitlist(query: LimitKeyQuery): Promise<LimitWaiterPage> {
    return this.#database.snapshot(() => inspectWaitlist(this.#transaction(), query))
  }

  async linePlaces(run: RunId): Promise<readonly LinePlace[]> {
    return inspectLinePlaces(this.#transaction(), run)
  }

  async waitGraph(from: WaitGraphFrom): Promise<WaitGraph> {
    return this.#database.snapshot(() => readWaitGraph(this.#transaction(), from))
  }

  async campaign(role: string, lease: LeaseId, termMs: number, after = 0): Promise<CampaignReply> {
    checkCampaign(role, termMs)
    const candidate = { role, lease, termMs, after }
    const refused = refuseCampaign(this.#transaction(), candidate)
    return refused ?? this.#write((tx) => campaign(tx, candidate))
  }

  renewTerm(role: string, term: number, lease: LeaseId, duties: DutyAges): Promise<'held' | 'lost'> {
    return this.#write((tx) => renewTerm(tx, { role, term, lease }, duties))
  }

  resignTerm(role: string, term: number, lease: LeaseId): Promise<void> {
    return this.#write((tx) => resignTerm(tx, { role, term, lease }))
  }

  onVacancy(listener: () => void): Unsubscribe {
    return this.#subscription(this.#wakeups.listenShared('vacancy', listener))
  }

  onScheduleChange(listener: () => void): Unsubscribe {
    return this.#subscription(this.#wakeups.listenShared('schedules', listener))
  }

  putSchedule(name: string, spec: ScheduleSpec, write: OperatorWrite): Promise<void> {
    return this.#write((tx) => putSchedule(tx, name, spec, write))
  }

  removeSchedule(name: string, write: OperatorWrite): Promise<void> {
    return this.#write((tx) => removeSchedule(tx, name, write))
  }

  pauseSchedule(name: string, write: ExpectingWrite<ExpectedSchedule>): Promise<void> {
    return this.#write((tx) => pauseSchedule(tx, name, write))
  }

  resumeSchedule(name: string, write: ExpectingWrite<ExpectedSchedule>): Promise<void> {
    return this.#write((tx) => resumeSchedule(tx, name, write))
  }

  triggerSchedule(name: string, revision: number, run: NewRun, write: OperatorWrite): Promise<TriggerReply> {
    return this.#write((tx) => triggerSchedule(tx, name, revision, run, write))
  }

  dueSchedules(limit: number): Promise<DueSchedules> {
    return this.#write((tx) => dueSchedules(tx, limit))
  }

  fire(request: Fire): Promise<FireReply> {
    return this.#write((tx) => fire(tx, request))
  }

  async sweep(limit: number): Promise<SweepReport> {
    if (!Number.isInteger(limit) || limit < 1)
      throw new InvalidOptionsError(`sweep: ${limit} is not a number of runs`)
    const report = await this.#write((tx) => {
      const ended = countEnded(tx)
      const recount = isRecountDue(tx, ended) ? ({ recountDue: true } as const) : {}
      settleLimiters(tx)
      forgetMoved(tx, limit)
      const freedKeys = sweepKeys(tx, limit)
      const keys = freedKeys.length > 0 ? { freedKeys } : {}
      pruneActions(tx)
      pruneLostWorkers(tx)
      return { pruned: prune(tx, limit, ended), repaired: repair(tx, limit), ...keys, ...recount }
    })
    this.#removeOrphanFiles()
    this.#database.shrinkLog()
    return report
  }

  recount(limit?: number): Promise<RecountReport> {
    return this.#write((tx) => recount(tx, limit))
  }

  async run(id: RunId): Promise<RunDetails | undefined> {
    return inspectRun(this.#database, this.#time.look(), id)
  }

  async duplicateOf(id: RunId): Promise<RunId | undefined> {
    return duplicateOf(this.#transaction(), id)
  }

  async holder(job: string, key: string): Promise<RunId | undefined> {
    return holderOf(this.#database, this.#time.look(), job, key)
  }

  async heldKeys(query: HeldKeyQuery): Promise<HeldKeyPage> {
    return this.#database.snapshot(() => inspectHeldKeys(this.#database, this.#time.look(), query))
  }

  async ended(ids: readonly RunId[]): Promise<readonly RunId[]> {
    return inspectEnded(this.#database, ids)
  }

  async journal(id: RunId, page: JournalQuery): Promise<readonly JournalEntry[]> {
    const run = findRun(this.#database, id)
    return run ? journalEntries(this.#database, this.#time.look(), run.seq, page) : []
  }

  async journalOutline(
    id: RunId,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly JournalOutline[]> {
    const run = findRun(this.#database, id)
    return run ? journalOutline(this.#database, this.#time.look(), run.seq, page) : []
  }

  async history(id: RunId): Promise<readonly HistoryEntry[]> {
    return inspectHistory(this.#database, this.#time.look(), id)
  }

  async executions(id: RunId): Promise<readonly ExecutionInfo[]> {
    return this.#database.snapshot(() => inspectExecutions(this.#database, this.#time.look(), id))
  }

  async runs(query: RunQuery): Promise<RunPage> {
    return inspectRuns(this.#database, this.#time.look(), query)
  }

  async counts(): Promise<readonly RunCount[]> {
    return inspectRunCounts(this.#database)
  }

  async isCounted(): Promise<boolean> {
    return readRecountedAt(this.#database) !== undefined
  }

  async failures(filter: FailureFilter): Promise<readonly FailureGroup[]> {
    checkFailureFilter(filter)
    return readFailures(this.#database, this.#time.look(), filter)
  }

  async queues(): Promise<readonly QueueInfo[]> {
    return inspectQueues(this.#database, this.#time.look())
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    return inspectWorkers(this.#database, this.#time.look(), (lease) => this.#locks.isFree(lease))
  }

  async lostWorkers(): Promise<readonly LostWorker[]> {
    return inspectLostWorkers(this.#database, this.#time.look())
  }

  async definitions(kind: DefinitionKind): Promise<readonly DefinitionInfo[]> {
    return inspectDefinitions(this.#database, this.#time.look(), kind)
  }

  async readyClasses(): Promise<readonly ReadyClass[]> {
    return inspectReadyClasses(this.#database)
  }

  async leaders(): Promise<readonly LeaderInfo[]> {
    return inspectLeaders(this.#database, this.#time.look())
  }

  async schedules(): Promise<readonly ScheduleInfo[]> {
    return inspectSchedules(this.#database, this.#time.look().wall)
  }

  async ledger(
    schedule: string,
    page: { readonly before?: number; readonly limit: number },
  ): Promise<readonly LedgerLine[]> {
    return inspectLedger(this.#database, schedule, page)
  }

  async events(query: EventQuery): Promise<EventPage> {
    return this.#database.snapshot(() => readEvents(this.#database, this.#time.look(), query))
  }

  async throughput(minutes: number): Promise<readonly ThroughputCell[]> {
    return readThroughput(this.#database, this.#time.look().wall, minutes)
  }

  async overview(query: OverviewQuery): Promise<Overview> {
    return this.#database.snapshot(() =>
      readOverview(this.#transaction(), (lease) => this.#locks.isFree(lease), query),
    )
  }

  async statistics(range: StatisticsRange): Promise<Statistics> {
    return this.#database.snapshot(() => readStatistics(this.#database, this.#time.look(), range))
  }

  async checks(scope: 'all' | 'quick' = 'all'): Promise<readonly StoreCheck[]> {
    const workers = await this.workers()
    const leaders = await this.leaders()
    const { wall } = this.#time.look()
    const leader = leaderCheck(leaders, workers, wall)
    const cron = scheduleCheck(await this.schedules(), leaders)
    const queues =
      scope === 'all'
        ? [
            ...(await queueChecks(this, workers, wall)),
            await deadlockCheck(this),
            countersCheck(this.#database.snapshot(() => checkCounts(this.#database))),
          ]
        : []
    const store = checkStore(this.#database, this.#config, scope)
    const clock = clockJumpsCheck(this.#time.jumps(), wall)
    return [...store, clock, lostWorkers(workers), ...queues, leader, cron]
  }

  onChange(listener: () => void): Unsubscribe {
    return this.#subscription(this.#changes.listen(listener))
  }

  async close(): Promise<void> {
    for (const unsubscribe of [...this.#subscriptions]) unsubscribe()
    this.#locks.close()
    this.#database.close()
  }

  async #write<T>(operation: (tx: Transaction) => T, durable = false): Promise<T> {
    const { result, woken, hints, jump } = await this.#database.write(
      () => {
        const look = this.#time.look()
        const tx = this.#transaction(look)
        const jump = look.movedMs === 0 ? undefined : this.#time.record(look)
        if (look.movedMs < 0) planAgain(tx)
        const result = operation(tx)
        wakeWaitersAtCommit(tx)
        writeEvents(tx)
        writeThroughput(tx)
        writeRunCounts(tx)
        writeFailures(tx)
        writeFailedBy(tx)
        return { result, woken: pickIdleWorkers(tx), hints: tx.hints, jump }
      },
      { durable },
    )
    this.#time.committed(jump)
    for (const lease of woken) this.#wakeups.touch(lease)
    for (const hint of hints) this.#wakeups.touchShared(hint)
    this.#changes.changed()
    return result
  }

  #transaction({ now, wall }: Moment = this.#time.look()): Transaction {
    return {
      sql: this.#database,
      now,
      wall,
      retention: this.#config.retention,
      wakeCounts: new Map(),
      wakeCountOf: new Map(),
      woken: new Set(),
      hints: new Set(),
      moves: [],
      removed: [],
      loggedMoves: 0,
      failures: [],
      failedBy: new Map(),
      changedKeys: new Map(),
      allWaitlistsChanged: false,
      claimer: undefined,
      told: undefined,
      asking: undefined,
      holders: new Map(),
    }
  }

  #subscription(end: Unsubscribe): Unsubscribe {
    const unsubscribe = (): void => {
      if (this.#subscriptions.delete(unsubscribe)) end()
    }
    this.#subscriptions.add(unsubscribe)
    return unsubscribe
  }

  /** Files of processes that died between creating their lock and registering, or after resigning. */
  #removeOrphanFiles(): void {
    for (const lease of this.#locks.files()) {
      const known = this.#database.get('SELECT 1 FROM workers WHERE lease = ?', lease)
      if (known === undefined && this.#locks.isFree(lease)) {
        this.#locks.drop(lease)
        this.#wakeups.remove(lease)
      }
    }
  }
}
