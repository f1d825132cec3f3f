import type { Clock } from '../../model/clock.ts'
import type { DeathCause } from '../../model/death-cause.ts'
import { RunStateError, UnknownRunError } from '../../model/errors.ts'
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
import { checkActionsLimit, checkChunk, checkForecast } from '../read-action.ts'
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
import { checkServer } from './checks.ts'
import { Confirmation } from './confirmation.ts'
import { checkCuts } from './cut-workers-check.ts'
import { Keys } from './keys.ts'
import { Namespace } from './namespace.ts'
import {
  applyAction,
  beginAction,
  endAction,
  planAction,
  readAction,
  readActions,
} from './operations/actions.ts'
import { claim } from './operations/claim.ts'
import { readClockJumps } from './operations/clock.ts'
import { commit } from './operations/commit.ts'
import { readDefinitions } from './operations/definitions.ts'
import { Enqueues } from './operations/enqueue.ts'
import { readEvents } from './operations/events.ts'
import { readExecutions } from './operations/executions.ts'
import { expectedArgs, refuseMoved } from './operations/expected-run.ts'
import { readFailures } from './operations/failures.ts'
import { readHistory, readQueues, readRuns, readWorkers } from './operations/inspect.ts'
import { journalEntries, journalOutline, readJournal } from './operations/journal.ts'
import { register, renew, reportCut, resign } from './operations/lease.ts'
import {
  acquire,
  closeKeys,
  correctCost,
  defineLimiters,
  readLimiterKeys,
  readLimiters,
  readLinePlaces,
  readWaitGraph,
  setLimiter,
} from './operations/limiters.ts'
import { explainLoss, readLostWorkers, readSilentTasks } from './operations/lost-workers.ts'
import { muteFinding, readMutes, unmuteFinding } from './operations/mutes.ts'
import { readOverview } from './operations/overview.ts'
import { pauseQueue } from './operations/pause-queue.ts'
import { readReadyClasses } from './operations/ready-classes.ts'
import { planRetry, retry } from './operations/retry.ts'
import { checkCounts, isCounted, readRunCounts, recount } from './operations/run-counts.ts'
import {
  changeSchedule,
  dueSchedules,
  fire,
  putSchedule,
  readLedger,
  readSchedules,
  triggerSchedule,
} from './operations/schedules.ts'
import { listRuns } from './operations/search-runs.ts'
import { readStatistics } from './operations/statistics.ts'
import { sweep } from './operations/sweep.ts'
import { campaign, readLeaders, renewTerm, resignTerm } from './operations/terms.ts'
import { readThroughput } from './operations/throughput.ts'
import { listHeldKeys, readDuplicate, readHolder } from './operations/unique.ts'
import { readLimitHolders, readWaitlist } from './operations/waitlist.ts'
import { PeerWatch } from './peer-watch.ts'
import { RedisLink } from './redis-link.ts'
import { ScriptCalls } from './script-calls.ts'
import type { OwnClocks } from './server-clock.ts'
import { stateOfCode } from './state-code.ts'
import { Wakeups } from './wakeups.ts'

/** @throws StoreUnavailableError, StoreFormatError, InvalidOptionsError. */
export async function openRedisStore(config: StoreConfig, deps: EngineDeps): Promise<Store> {
  const link = await RedisLink.open(config, 'durable-jobs', deps.clock)
  try {
    const keys = new Keys(config.namespace)
    const namespace = await Namespace.open(link, keys, config, deps.create)
    if (deps.prepare === 'at once') await namespace.forWriting()
    const calls = new ScriptCalls(link, keys, namespace, { storeNow: deps.storeNow, own: ownClocks(deps) })
    await calls.clock.agree()
    return new RedisStore(calls, config, deps.clock)
  } catch (error) {
    await link.close()
    throw error
  }
}

/** Returns this process's clocks, or the elapsed time that a test injects for all of them. */
function ownClocks({ clock, storeElapsed }: EngineDeps): OwnClocks {
  return storeElapsed === undefined ? clock : { elapsed: storeElapsed, uptime: storeElapsed }
}

/** The store on one namespace of a Redis: one method per operation, one script for each change. */
class RedisStore implements Store {
  readonly address: string
  readonly #link: RedisLink
  readonly #keys: Keys
  readonly #config: StoreConfig
  readonly #clock: Clock
  readonly #calls: ScriptCalls
  readonly #enqueues: Enqueues
  readonly #confirmation: Confirmation
  readonly #wakeups: Wakeups
  readonly #peers: PeerWatch
  readonly #subscriptions = new Set<Unsubscribe>()
  /** Number of each lease's last claim. */
  readonly #claims = new Map<LeaseId, number>()

  constructor(calls: ScriptCalls, config: StoreConfig, clock: Clock) {
    const { link, keys } = calls
    this.address = `${link.address} namespace ${config.namespace}`
    this.#link = link
    this.#keys = keys
    this.#config = config
    this.#clock = clock
    this.#calls = calls
    this.#enqueues = new Enqueues(calls)
    const another =
      (use: string) =>
      (over: AbortSignal): Promise<RedisLink> =>
        RedisLink.open(config, `durable-jobs:${use}`, clock, over)
    this.#confirmation = new Confirmation(another('confirmation'), keys, config.confirm)
    this.#peers = new PeerWatch(this.#calls, clock)
    this.#wakeups = new Wakeups(another('wake-ups'), clock)
  }

  enqueue(runs: readonly NewRun[]): Promise<readonly EnqueueReply[]> {
    return this.#enqueues.enqueue(runs)
  }

  claim(
    lease: LeaseId,
    n: number,
    request: ClaimRequest,
    settle: readonly Settlement[],
  ): Promise<ClaimReply> {
    // Of two claims in flight the older one may be repeated last.
    this.#claims.set(lease, Math.max(n, this.#claims.get(lease) ?? 0))
    return claim(this.#calls, lease, n, request, settle)
  }

  commit(lease: LeaseId, entries: readonly (Checkpoint | Settlement)[]): Promise<CommitReply> {
    return commit(this.#calls, lease, entries, () => this.#confirmation.confirmed())
  }

  readJournal(lease: LeaseId, run: RunId, fence: number, from: number): Promise<JournalPage | 'gone'> {
    return readJournal(this.#calls, lease, run, fence, from)
  }

  async reconcile(
    lease: LeaseId,
    held: readonly Held[],
  ): Promise<{ readonly drop: readonly RunId[] } | 'lost'> {
    const args = held.flatMap(({ run, fence }) => [run, fence])
    const n = this.#claims.get(lease) ?? ''
    const reply = await this.#calls.run('reconcile', [lease, n, ...args])
    return Array.isArray(reply) ? { drop: reply.map(String) } : 'lost'
  }

  async cancel(
    run: RunId,
    { by, reason = '', requestId, expected }: RunWrite,
  ): Promise<{ readonly state: RunState }> {
    const args = [run, requestId, by, reason, ...expectedArgs(this.#calls, expected)]
    const reply = String(await this.#calls.run('cancel', args))
    if (reply === 'unknown') throw new UnknownRunError(run)
    refuseMoved(run, reply, expected)
    return { state: stateOfCode(Number(reply)) }
  }

  retry(run: RunId, choice: RetryChoice, write: RunWrite): Promise<RetryPlan> {
    return retry(this.#calls, run, choice, write)
  }

  planRetry(run: RunId, choice: RetryChoice): Promise<RetryPlan> {
    return planRetry(this.#calls, run, choice)
  }

  async remove(run: RunId, { by, reason = '', requestId, expected }: RunWrite): Promise<void> {
    const journal = this.#keys.journal(run)
    const args = [requestId, by, reason, ...expectedArgs(this.#calls, expected), run]
    const answer = await this.#calls.run('remove', args, [journal])
    if (typeof answer === 'number' || String(answer) === 'before') return
    if (String(answer) === 'unknown') throw new UnknownRunError(run)
    refuseMoved(run, String(answer), expected)
    throw new RunStateError(`run '${run}' is ${stateOfCode(Number(answer))}; cancel it first, then remove it`)
  }

  beginAction(action: NewAction): Promise<ActionInfo> {
    return beginAction(this.#calls, action)
  }

  async applyAction(chunk: ActionChunk): Promise<ActionInfo> {
    checkChunk(chunk)
    return applyAction(this.#calls, chunk)
  }

  endAction(id: string, write: OperatorWrite): Promise<ActionInfo> {
    return endAction(this.#calls, id, write)
  }

  async planAction(
    kind: ActionKind,
    runs: readonly RunId[],
    runAgain: readonly StepPath[],
  ): Promise<readonly RunForecast[]> {
    checkForecast(runs)
    return planAction(this.#calls, kind, runs, runAgain)
  }

  action(id: string): Promise<ActionInfo | undefined> {
    return readAction(this.#calls, id)
  }

  async actions(limit: number): Promise<readonly ActionInfo[]> {
    checkActionsLimit(limit)
    return readActions(this.#calls, limit)
  }

  async register(worker: NewWorker): Promise<void> {
    // Subscribed first: a wake-up that comes with the registration must not be missed.
    await this.#wakeups.hear(this.#keys.wakeChannel(worker.lease))
    const beat = await this.#peers.beat(worker.lease, 'main', worker)
    await register(this.#calls, worker, beat)
  }

  async renew(lease: LeaseId, status: WorkerStatus): Promise<RenewReply> {
    const answer = await renew(this.#calls, lease, status, await this.#peers.beat(lease, 'lease', status))
    if (answer.kind === 'lost') this.#peers.forget(lease)
    return answer
  }

  async resign(lease: LeaseId, keep: readonly RunId[]): Promise<void> {
    await resign(this.#calls, lease, keep)
    this.#claims.delete(lease)
    if (keep.length === 0) this.#peers.forget(lease)
  }

  reportCut(lease: LeaseId): Promise<'cut' | 'not cut'> {
    return reportCut(this.#calls, lease)
  }

  silentTasks(): Promise<readonly SilentTask[]> {
    return readSilentTasks(this.#calls)
  }

  async explainLoss(lease: LeaseId, death: DeathCause): Promise<'explained' | 'unknown'> {
    checkDeath(death)
    return explainLoss(this.#calls, lease, death)
  }

  async reclaimStopped(lease: LeaseId, seenAt: number): Promise<'lost' | 'not lost'> {
    return (await this.#calls.run('reclaim-stopped', [lease, seenAt])) === 1 ? 'lost' : 'not lost'
  }

  async drainWorker(worker: string, { by, reason = '', requestId }: OperatorWrite): Promise<void> {
    const answer = String(await this.#calls.run('drain-worker', [worker, requestId, by, reason]))
    if (answer === 'unknown') {
      throw new RunStateError(`no live worker '${worker}'; durable-jobs workers lists them`)
    }
  }

  onWakeup(lease: LeaseId, listener: (why: 'look' | 'reconnected') => void): Unsubscribe {
    const stopLooking = this.#peers.start(lease)
    const stopListening = this.#wakeups.listen(this.#keys.wakeChannel(lease), (message) => {
      if (!this.#peers.hear(message)) listener('look')
    })
    const forget = this.#link.onReconnect(() => listener('reconnected'))
    return this.#subscription(() => {
      forget()
      stopLooking()
      stopListening()
    })
  }

  pauseQueue(queue: string, write: ExpectingWrite<ExpectedPause>): Promise<void> {
    return pauseQueue(this.#calls, queue, 'pause', write)
  }

  resumeQueue(queue: string, write: ExpectingWrite<ExpectedPause>): Promise<void> {
    return pauseQueue(this.#calls, queue, 'resume', write)
  }

  async muteFinding(
    finding: string,
    forMs: number,
    write: ExpectingWrite<ExpectedMute>,
  ): Promise<{ readonly until: number }> {
    checkMute(finding, forMs)
    return muteFinding(this.#calls, finding, forMs, write)
  }

  async unmuteFinding(finding: string, write: ExpectingWrite<ExpectedMute>): Promise<boolean> {
    checkMute(finding, 1)
    return unmuteFinding(this.#calls, finding, write)
  }

  mutes(): Promise<readonly Mute[]> {
    return readMutes(this.#calls)
  }

  defineLimiters(lease: LeaseId, limiters: readonly WorkerLimiter[]): Promise<void> {
    return defineLimiters(this.#calls, lease, limiters)
  }

  acquire(lease: LeaseId, request: AcquireRequest): Promise<AcquireReply> {
    return acquire(this.#calls, lease, request)
  }

  closeKeys(lease: LeaseId, request: StepUse & { readonly closedMs: number }): Promise<'closed' | 'gone'> {
    return closeKeys(this.#calls, lease, request)
  }

  correctCost(lease: LeaseId, request: CostCorrection): Promise<'corrected' | 'gone'> {
    return correctCost(this.#calls, lease, request)
  }

  setLimiter(
    name: string,
    numbers: RuleChange | undefined,
    write: ExpectingWrite<ExpectedLimiter>,
  ): Promise<LimiterRule> {
    return setLimiter(this.#calls, name, numbers, write)
  }

  limiters(): Promise<readonly LimiterInfo[]> {
    return readLimiters(this.#calls)
  }

  limiterKeys(limiter: string, limit: number): Promise<readonly LimiterKeyInfo[]> {
    return readLimiterKeys(this.#calls, limiter, limit)
  }

  limitHolders(query: LimitKeyQuery): Promise<LimitHolderPage> {
    return readLimitHolders(this.#calls, query)
  }

  waitlist(query: LimitKeyQuery): Promise<LimitWaiterPage> {
    return readWaitlist(this.#calls, query)
  }

  linePlaces(run: RunId): Promise<readonly LinePlace[]> {
    return readLinePlaces(this.#calls, run)
  }

  waitGraph(from: WaitGraphFrom): Promise<WaitGraph> {
    return readWaitGraph(this.#calls, from)
  }

  async campaign(role: string, lease: LeaseId, termMs: number, after = 0): Promise<CampaignReply> {
    checkCampaign(role, termMs)
    return campaign(this.#calls, [role, lease, termMs, after])
  }

  renewTerm(role: string, term: number, lease: LeaseId, duties: DutyAges): Promise<'held' | 'lost'> {
    return renewTerm(this.#calls, { role, term, lease }, duties)
  }

  resignTerm(role: string, term: number, lease: LeaseId): Promise<void> {
    return resignTerm(this.#calls, { role, term, lease })
  }

  onVacancy(listener: () => void): Unsubscribe {
    return this.#subscription(this.#wakeups.listen(this.#keys.vacancyChannel, listener))
  }

  onScheduleChange(listener: () => void): Unsubscribe {
    return this.#subscription(this.#wakeups.listen(this.#keys.schedulesChannel, listener))
  }

  putSchedule(name: string, spec: ScheduleSpec, write: OperatorWrite): Promise<void> {
    return putSchedule(this.#calls, name, spec, write)
  }

  removeSchedule(name: string, write: OperatorWrite): Promise<void> {
    return changeSchedule(this.#calls, name, 'remove', write)
  }

  pauseSchedule(name: string, write: ExpectingWrite<ExpectedSchedule>): Promise<void> {
    return changeSchedule(this.#calls, name, 'pause', write)
  }

  resumeSchedule(name: string, write: ExpectingWrite<ExpectedSchedule>): Promise<void> {
    return changeSchedule(this.#calls, name, 'resume', write)
  }

  triggerSchedule(name: string, revision: number, run: NewRun, write: OperatorWrite): Promise<TriggerReply> {
    return triggerSchedule(this.#calls, name, revision, run, write)
  }

  dueSchedules(limit: number): Promise<DueSchedules> {
    return dueSchedules(this.#calls, limit)
  }

  fire(request: Fire): Promise<FireReply> {
    return fire(this.#calls, request)
  }

  async sweep(limit: number): Promise<SweepReport> {
    if (!Number.isInteger(limit) || limit < 1)
      throw new InvalidOptionsError(`sweep: ${limit} is not a number of runs`)
    return sweep(this.#calls, limit, this.#config.retention)
  }

  recount(limit?: number): Promise<RecountReport> {
    return recount(this.#calls, limit)
  }

  async run(id: RunId): Promise<RunDetails | undefined> {
    const [found] = await readRuns(this.#calls, [id], true)
    return found
  }

  duplicateOf(id: RunId): Promise<RunId | undefined> {
    return readDuplicate(this.#calls, id)
  }

  async holder(job: string, key: string): Promise<RunId | undefined> {
    return (await readHolder(this.#calls, job, key)).holder
  }

  heldKeys(query: HeldKeyQuery): Promise<HeldKeyPage> {
    return listHeldKeys(this.#calls, query)
  }

  async ended(ids: readonly RunId[]): Promise<readonly RunId[]> {
    if (ids.length === 0) return []
    return ((await this.#calls.run('read-ended', ids)) as Buffer[]).map(String)
  }

  journal(id: RunId, page: JournalQuery): Promise<readonly JournalEntry[]> {
    return journalEntries(this.#calls, id, page)
  }

  journalOutline(
    id: RunId,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly JournalOutline[]> {
    return journalOutline(this.#calls, id, page)
  }

  history(id: RunId): Promise<readonly HistoryEntry[]> {
    return readHistory(this.#calls, id)
  }

  executions(id: RunId): Promise<readonly ExecutionInfo[]> {
    return readExecutions(this.#calls, id)
  }

  runs(query: RunQuery): Promise<RunPage> {
    return listRuns(this.#calls, query)
  }

  counts(): Promise<readonly RunCount[]> {
    return readRunCounts(this.#calls)
  }

  isCounted(): Promise<boolean> {
    return isCounted(this.#calls)
  }

  async failures(filter: FailureFilter): Promise<readonly FailureGroup[]> {
    checkFailureFilter(filter)
    return readFailures(this.#calls, filter)
  }

  queues(): Promise<readonly QueueInfo[]> {
    return readQueues(this.#calls)
  }

  workers(): Promise<readonly WorkerInfo[]> {
    return readWorkers(this.#calls)
  }

  lostWorkers(): Promise<readonly LostWorker[]> {
    return readLostWorkers(this.#calls)
  }

  definitions(kind: DefinitionKind): Promise<readonly DefinitionInfo[]> {
    return readDefinitions(this.#calls, kind)
  }

  readyClasses(): Promise<readonly ReadyClass[]> {
    return readReadyClasses(this.#calls)
  }

  async leaders(): Promise<readonly LeaderInfo[]> {
    return (await readLeaders(this.#calls)).leaders
  }

  schedules(): Promise<readonly ScheduleInfo[]> {
    return readSchedules(this.#calls)
  }

  ledger(
    schedule: string,
    page: { readonly before?: number; readonly limit: number },
  ): Promise<readonly LedgerLine[]> {
    return readLedger(this.#calls, schedule, page)
  }

  events(query: EventQuery): Promise<EventPage> {
    return readEvents(this.#calls, query)
  }

  throughput(minutes: number): Promise<readonly ThroughputCell[]> {
    return readThroughput(this.#calls, minutes)
  }

  statistics(range: StatisticsRange): Promise<Statistics> {
    return readStatistics(this.#calls, range)
  }

  overview(query: OverviewQuery): Promise<Overview> {
    return readOverview(this.#calls, query)
  }

  async checks(scope: 'all' | 'quick' = 'all'): Promise<readonly StoreCheck[]> {
    const server = await checkServer(this.#link, this.#keys, this.#clock)
    const workers = await this.workers()
    const { wall, leaders } = await readLeaders(this.#calls)
    const jumps = await readClockJumps(this.#calls)
    const cron = scheduleCheck(await this.schedules(), leaders)
    const queues =
      scope === 'all'
        ? [
            ...(await queueChecks(this, workers, wall)),
            await deadlockCheck(this),
            countersCheck(await checkCounts(this.#calls)),
          ]
        : []
    const [clock, cuts] = [clockJumpsCheck(jumps, wall), await checkCuts(this.#calls)]
    const leader = leaderCheck(leaders, workers, wall)
    return [...server, clock, lostWorkers(workers), cuts, ...queues, leader, cron]
  }

  onChange(listener: () => void): Unsubscribe {
    return this.#subscription(this.#wakeups.listen(this.#keys.changesChannel, listener))
  }

  async close(): Promise<void> {
    for (const unsubscribe of [...this.#subscriptions]) unsubscribe()
    await Promise.all([this.#wakeups.close(), this.#confirmation.close(), this.#link.close()])
  }

  #subscription(end: Unsubscribe): Unsubscribe {
    const unsubscribe = (): void => {
      if (this.#subscriptions.delete(unsubscribe)) end()
    }
    this.#subscriptions.add(unsubscribe)
    return unsubscribe
  }
}
