import type { CancelTimer, Clock } from '../../model/clock.ts'
import { RunStateError, StoreUnavailableError } from '../../model/errors.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import type { OperatorWrite } from '../../model/operator-write.ts'
import { clockJumpsCheck } from '../clock-jumps-check.ts'
import { countersCheck } from '../counters-check.ts'
import { deadlockCheck } from '../deadlock-check.ts'
import { EnqueueOutbox, type EnqueuePart } from '../enqueue-outbox.ts'
import { leaderCheck } from '../leader-check.ts'
import { checkDeath } from '../lost-workers.ts'
import { lostWorkers } from '../lost-workers-check.ts'
import { checkMute } from '../mutes.ts'
import type { EngineDeps } from '../preparation.ts'
import { queueChecks } from '../queue-checks.ts'
import { actionsBytes, checkActionsLimit, checkChunk, checkForecast } from '../read-action.ts'
import { checkFailureFilter } from '../read-limits.ts'
import { scheduleCheck } from '../schedule-check.ts'
import { sqlitePath } from '../sqlite-path.ts'
import type { EnqueueReply, LeaseId, Store, Unsubscribe } from '../store.ts'
import type { StoreConfig } from '../store-config.ts'
import { checkCampaign } from '../terms.ts'
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
import { once, type Transaction } from './transaction.ts'
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

/** The store on one SQLite file: one field per operation, one transaction each. */
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

  readonly enqueue: Store['enqueue'] = async (runs) => {
    const answers: EnqueueReply[] = []
    for (const part of partsOf(runs)) answers.push(...(await this.#enqueues.enqueue(part)))
    return answers
  }

  readonly claim: Store['claim'] = (lease, n, request, settle) =>
    this.#write((tx) => claim(tx, lease, n, request, settle))

  readonly commit: Store['commit'] = async (lease, entries) => {
    const prepared = prepareCommit(entries)
    // R11: an at-most-once intent waits for the disk before its body may begin.
    const durable = entries.some((entry) => entry.kind === 'checkpoint' && entry.record.phase === 'intent')
    return this.#write((tx) => commit(tx, lease, prepared), durable)
  }

  readonly readJournal: Store['readJournal'] = async (lease, id, fence, from) => {
    const run = findRun(this.#database, id)
    if (run?.lease !== lease || run.fence !== fence) return 'gone'
    return journalPage(this.#database, this.#time.look(), run.seq, from, pageBytes)
  }

  readonly reconcile: Store['reconcile'] = (lease, held) => this.#write((tx) => reconcile(tx, lease, held))
  readonly cancel: Store['cancel'] = (run, write) => this.#manual(write, (tx) => cancel(tx, run, write))
  readonly retry: Store['retry'] = (run, choice, write) =>
    this.#manual(write, (tx) => retry(tx, run, choice, write))
  readonly planRetry: Store['planRetry'] = async (run, choice) => planRetry(this.#transaction(), run, choice)
  readonly remove: Store['remove'] = (run, write) => this.#manual(write, (tx) => remove(tx, run, write))
  readonly beginAction: Store['beginAction'] = (action) => this.#write((tx) => beginAction(tx, action))

  readonly applyAction: Store['applyAction'] = async (chunk) => {
    checkChunk(chunk)
    return this.#write((tx) => applyAction(tx, chunk))
  }

  readonly endAction: Store['endAction'] = (id, write) => this.#write((tx) => endAction(tx, id, write))

  readonly planAction: Store['planAction'] = async (kind, runs, runAgain) => {
    checkForecast(runs)
    return this.#database.snapshot(() => planAction(this.#transaction(), kind, runs, runAgain))
  }

  readonly action: Store['action'] = async (id) => inspectAction(this.#database, this.#time.look(), id)

  readonly actions: Store['actions'] = async (limit) => {
    checkActionsLimit(limit)
    return inspectActions(this.#database, this.#time.look(), limit, actionsBytes)
  }

  readonly register: Store['register'] = async (worker) => {
    await this.#database.prepare()
    // The lock first: a registered lease whose lock is free is a dead one.
    this.#locks.hold(worker.lease)
    await this.#write((tx) => register(tx, worker))
  }

  readonly renew: Store['renew'] = async (lease, status) => {
    this.#database.checkFile()
    const answer = await this.#write((tx) => renew(tx, lease, status))
    if (answer.kind === 'lost') this.#locks.drop(lease)
    // R37: a newer version migrated the file under us.
    const outdated = readFormat(this.#database) > formatVersion
    return answer.kind === 'held' && outdated
      ? { kind: 'held', orders: { ...answer.orders, drain: true } }
      : answer
  }

  readonly resign: Store['resign'] = async (lease, keep) => {
    await this.#write((tx) => resign(tx, lease, keep))
    if (keep.length === 0) this.#locks.drop(lease)
  }

  /** A live process is never declared dead here: the kernel holds its lock. */
  readonly reportCut: Store['reportCut'] = async () => 'not cut'
  readonly silentTasks: Store['silentTasks'] = async () =>
    this.#database.snapshot(() => readSilentTasks(this.#database, this.#time.look().now))

  readonly explainLoss: Store['explainLoss'] = async (lease, death) => {
    checkDeath(death)
    return this.#write((tx) => explainLoss(tx, lease, death))
  }

  readonly reclaimStopped: Store['reclaimStopped'] = async (lease, seenAt) =>
    this.#write((tx) => reclaimStopped(tx, lease, seenAt))

  readonly drainWorker: Store['drainWorker'] = async (worker, write) => {
    const lost = (await this.workers()).find((one) => one.name === worker && one.lost)
    if (lost !== undefined) {
      throw new RunStateError(`worker '${worker}' is dead; the next worker that starts takes its runs over`)
    }
    await this.#manual(write, (tx) => drainWorker(tx, worker, write))
  }

  readonly onWakeup: Store['onWakeup'] = (lease, listener) => {
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

  readonly pauseQueue: Store['pauseQueue'] = (queue, write) =>
    this.#manual(write, (tx) => pauseQueue(tx, queue, write))
  readonly resumeQueue: Store['resumeQueue'] = (queue, write) =>
    this.#manual(write, (tx) => resumeQueue(tx, queue, write))

  readonly muteFinding: Store['muteFinding'] = async (finding, forMs, write) => {
    checkMute(finding, forMs)
    const until = await this.#manual(write, (tx) => muteFinding(tx, finding, forMs, write))
    return { until: shownAt(this.#time.look(), until) }
  }

  readonly unmuteFinding: Store['unmuteFinding'] = async (finding, write) => {
    checkMute(finding, 1)
    return this.#manual(write, (tx) => unmuteFinding(tx, finding, write))
  }

  readonly mutes: Store['mutes'] = async () => inspectMutes(this.#database, this.#time.look())
  readonly defineLimiters: Store['defineLimiters'] = (lease, limiters) =>
    this.#write((tx) => defineLimiters(tx, lease, limiters))
  readonly acquire: Store['acquire'] = (lease, request) => this.#write((tx) => acquire(tx, lease, request))
  readonly closeKeys: Store['closeKeys'] = (lease, request) =>
    this.#write((tx) => closeKeys(tx, lease, request))
  readonly correctCost: Store['correctCost'] = (lease, request) =>
    this.#write((tx) => correctCost(tx, lease, request))
  readonly setLimiter: Store['setLimiter'] = (name, numbers, write) =>
    this.#manual(write, (tx) => setLimiter(tx, name, numbers, write))
  readonly limiters: Store['limiters'] = async () => inspectLimiters(this.#transaction())
  readonly limiterKeys: Store['limiterKeys'] = async (limiter, limit) =>
    inspectLimiterKeys(this.#transaction(), limiter, limit)
  readonly limitHolders: Store['limitHolders'] = async (query) =>
    this.#database.snapshot(() => inspectLimitHolders(this.#transaction(), query))
  readonly waitlist: Store['waitlist'] = async (query) =>
    this.#database.snapshot(() => inspectWaitlist(this.#transaction(), query))
  readonly linePlaces: Store['linePlaces'] = async (run) => inspectLinePlaces(this.#transaction(), run)
  readonly waitGraph: Store['waitGraph'] = async (from) =>
    this.#database.snapshot(() => readWaitGraph(this.#transaction(), from))

  readonly campaign: Store['campaign'] = async (role, lease, termMs, after = 0) => {
    checkCampaign(role, termMs)
    const candidate = { role, lease, termMs, after }
    const refused = refuseCampaign(this.#transaction(), candidate)
    return refused ?? this.#write((tx) => campaign(tx, candidate))
  }

  readonly renewTerm: Store['renewTerm'] = (role, term, lease, duties) =>
    this.#write((tx) => renewTerm(tx, { role, term, lease }, duties))
  readonly resignTerm: Store['resignTerm'] = (role, term, lease) =>
    this.#write((tx) => resignTerm(tx, { role, term, lease }))
  readonly onVacancy: Store['onVacancy'] = (listener) =>
    this.#subscription(this.#wakeups.listenShared('vacancy', listener))
  readonly onScheduleChange: Store['onScheduleChange'] = (listener) =>
    this.#subscription(this.#wakeups.listenShared('schedules', listener))
  readonly putSchedule: Store['putSchedule'] = (name, spec, write) =>
    this.#manual(write, (tx) => putSchedule(tx, name, spec, write))
  readonly removeSchedule: Store['removeSchedule'] = (name, write) =>
    this.#manual(write, (tx) => removeSchedule(tx, name, write))
  readonly pauseSchedule: Store['pauseSchedule'] = (name, write) =>
    this.#manual(write, (tx) => pauseSchedule(tx, name, write))
  readonly resumeSchedule: Store['resumeSchedule'] = (name, write) =>
    this.#manual(write, (tx) => resumeSchedule(tx, name, write))
  readonly triggerSchedule: Store['triggerSchedule'] = (name, revision, run, write) =>
    this.#write((tx) => triggerSchedule(tx, name, revision, run, write))
  readonly dueSchedules: Store['dueSchedules'] = (limit) => this.#write((tx) => dueSchedules(tx, limit))
  readonly fire: Store['fire'] = (request) => this.#write((tx) => fire(tx, request))

  readonly sweep: Store['sweep'] = async (limit) => {
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

  readonly recount: Store['recount'] = (limit) => this.#write((tx) => recount(tx, limit))
  readonly run: Store['run'] = async (id) => inspectRun(this.#database, this.#time.look(), id)
  readonly duplicateOf: Store['duplicateOf'] = async (id) => duplicateOf(this.#transaction(), id)
  readonly holder: Store['holder'] = async (job, key) => holderOf(this.#database, this.#time.look(), job, key)
  readonly heldKeys: Store['heldKeys'] = async (query) =>
    this.#database.snapshot(() => inspectHeldKeys(this.#database, this.#time.look(), query))
  readonly ended: Store['ended'] = async (ids) => inspectEnded(this.#database, ids)

  readonly journal: Store['journal'] = async (id, page) => {
    const run = findRun(this.#database, id)
    return run ? journalEntries(this.#database, this.#time.look(), run.seq, page) : []
  }

  readonly journalOutline: Store['journalOutline'] = async (id, page) => {
    const run = findRun(this.#database, id)
    return run ? journalOutline(this.#database, this.#time.look(), run.seq, page) : []
  }

  readonly history: Store['history'] = async (id) => inspectHistory(this.#database, this.#time.look(), id)
  readonly executions: Store['executions'] = async (id) =>
    this.#database.snapshot(() => inspectExecutions(this.#database, this.#time.look(), id))
  readonly runs: Store['runs'] = async (query) => inspectRuns(this.#database, this.#time.look(), query)
  readonly counts: Store['counts'] = async () => inspectRunCounts(this.#database)
  readonly isCounted: Store['isCounted'] = async () => readRecountedAt(this.#database) !== undefined

  readonly failures: Store['failures'] = async (filter) => {
    checkFailureFilter(filter)
    return readFailures(this.#database, this.#time.look(), filter)
  }

  readonly queues: Store['queues'] = async () => inspectQueues(this.#database, this.#time.look())
  readonly workers: Store['workers'] = async () =>
    inspectWorkers(this.#database, this.#time.look(), (lease) => this.#locks.isFree(lease))
  readonly lostWorkers: Store['lostWorkers'] = async () =>
    inspectLostWorkers(this.#database, this.#time.look())
  readonly definitions: Store['definitions'] = async (kind) =>
    inspectDefinitions(this.#database, this.#time.look(), kind)
  readonly readyClasses: Store['readyClasses'] = async () => inspectReadyClasses(this.#database)
  readonly leaders: Store['leaders'] = async () => inspectLeaders(this.#database, this.#time.look())
  readonly schedules: Store['schedules'] = async () =>
    inspectSchedules(this.#database, this.#time.look().wall)
  readonly ledger: Store['ledger'] = async (schedule, page) => inspectLedger(this.#database, schedule, page)
  readonly events: Store['events'] = async (query) =>
    this.#database.snapshot(() => readEvents(this.#database, this.#time.look(), query))
  readonly throughput: Store['throughput'] = async (minutes) =>
    readThroughput(this.#database, this.#time.look().wall, minutes)
  readonly overview: Store['overview'] = async (query) =>
    this.#database.snapshot(() =>
      readOverview(this.#transaction(), (lease) => this.#locks.isFree(lease), query),
    )
  readonly statistics: Store['statistics'] = async (range) =>
    this.#database.snapshot(() => readStatistics(this.#database, this.#time.look(), range))

  readonly checks: Store['checks'] = async (scope = 'all') => {
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

  readonly onChange: Store['onChange'] = (listener) => this.#subscription(this.#changes.listen(listener))

  readonly close: Store['close'] = async () => {
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

  #manual<T>(write: OperatorWrite, operation: (tx: Transaction) => T): Promise<T> {
    return this.#write((tx) => once(tx, write.requestId, () => operation(tx)))
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
