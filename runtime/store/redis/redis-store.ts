import type { Clock } from '../../model/clock.ts'
import { RunStateError, UnknownRunError } from '../../model/errors.ts'
import { clockJumpsCheck } from '../clock-jumps-check.ts'
import { countersCheck } from '../counters-check.ts'
import { deadlockCheck } from '../deadlock-check.ts'
import { leaderCheck } from '../leader-check.ts'
import { lostWorkers } from '../lost-workers-check.ts'
import type { EngineDeps } from '../preparation.ts'
import { queueChecks } from '../queue-checks.ts'
import { scheduleCheck } from '../schedule-check.ts'
import type { LeaseId, Store, Unsubscribe } from '../store.ts'
import type { StoreConfig } from '../store-config.ts'
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

/**
 * The store on one namespace of a Redis: one script for each change. The contract has the parameters and results of each
 * operation, which is a property here to take its type from there.
 */
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

  readonly enqueue: Store['enqueue'] = (runs) => this.#enqueues.enqueue(runs)

  readonly claim: Store['claim'] = (lease, n, request, settle) => {
    // Of two claims in flight the older one may be repeated last.
    this.#claims.set(lease, Math.max(n, this.#claims.get(lease) ?? 0))
    return claim(this.#calls, lease, n, request, settle)
  }

  readonly commit: Store['commit'] = (lease, entries) =>
    commit(this.#calls, lease, entries, () => this.#confirmation.confirmed())

  readonly readJournal: Store['readJournal'] = (lease, run, fence, from) =>
    readJournal(this.#calls, lease, run, fence, from)

  readonly reconcile: Store['reconcile'] = async (lease, held) => {
    const args = held.flatMap(({ run, fence }) => [run, fence])
    const n = this.#claims.get(lease) ?? ''
    const reply = await this.#calls.run('reconcile', [lease, n, ...args])
    return Array.isArray(reply) ? { drop: reply.map(String) } : 'lost'
  }

  readonly cancel: Store['cancel'] = async (run, { by, reason = '', requestId, expected }) => {
    const args = [run, requestId, by, reason, ...expectedArgs(this.#calls, expected)]
    const reply = String(await this.#calls.run('cancel', args))
    if (reply === 'unknown') throw new UnknownRunError(run)
    refuseMoved(run, reply, expected)
    return { state: stateOfCode(Number(reply)) }
  }

  readonly retry: Store['retry'] = (run, choice, write) => retry(this.#calls, run, choice, write)

  readonly planRetry: Store['planRetry'] = (run, choice) => planRetry(this.#calls, run, choice)

  readonly remove: Store['remove'] = async (run, { by, reason = '', requestId, expected }) => {
    const journal = this.#keys.journal(run)
    const args = [requestId, by, reason, ...expectedArgs(this.#calls, expected), run]
    const answer = await this.#calls.run('remove', args, [journal])
    if (typeof answer === 'number' || String(answer) === 'before') return
    if (String(answer) === 'unknown') throw new UnknownRunError(run)
    refuseMoved(run, String(answer), expected)
    throw new RunStateError(`run '${run}' is ${stateOfCode(Number(answer))}; cancel it first, then remove it`)
  }

  readonly beginAction: Store['beginAction'] = (action) => beginAction(this.#calls, action)
  readonly applyAction: Store['applyAction'] = (chunk) => applyAction(this.#calls, chunk)
  readonly endAction: Store['endAction'] = (id, write) => endAction(this.#calls, id, write)
  readonly planAction: Store['planAction'] = (kind, runs, runAgain) =>
    planAction(this.#calls, kind, runs, runAgain)
  readonly action: Store['action'] = (id) => readAction(this.#calls, id)
  readonly actions: Store['actions'] = (limit) => readActions(this.#calls, limit)

  readonly register: Store['register'] = async (worker) => {
    // Subscribed first: a wake-up that comes with the registration must not be missed.
    await this.#wakeups.hear(this.#keys.wakeChannel(worker.lease))
    const beat = await this.#peers.beat(worker.lease, 'main', worker)
    await register(this.#calls, worker, beat)
  }

  readonly renew: Store['renew'] = async (lease, status) => {
    const answer = await renew(this.#calls, lease, status, await this.#peers.beat(lease, 'lease', status))
    if (answer.kind === 'lost') this.#peers.forget(lease)
    return answer
  }

  readonly resign: Store['resign'] = async (lease, keep) => {
    await resign(this.#calls, lease, keep)
    this.#claims.delete(lease)
    if (keep.length === 0) this.#peers.forget(lease)
  }

  readonly reportCut: Store['reportCut'] = (lease) => reportCut(this.#calls, lease)
  readonly silentTasks: Store['silentTasks'] = () => readSilentTasks(this.#calls)
  readonly explainLoss: Store['explainLoss'] = (lease, death) => explainLoss(this.#calls, lease, death)

  readonly reclaimStopped: Store['reclaimStopped'] = async (lease, seenAt) =>
    (await this.#calls.run('reclaim-stopped', [lease, seenAt])) === 1 ? 'lost' : 'not lost'

  readonly drainWorker: Store['drainWorker'] = async (worker, { by, reason = '', requestId }) => {
    const answer = String(await this.#calls.run('drain-worker', [worker, requestId, by, reason]))
    if (answer === 'unknown') {
      throw new RunStateError(`no live worker '${worker}'; durable-jobs workers lists them`)
    }
  }

  readonly onWakeup: Store['onWakeup'] = (lease, listener) => {
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

  readonly pauseQueue: Store['pauseQueue'] = (queue, write) => pauseQueue(this.#calls, queue, 'pause', write)
  readonly resumeQueue: Store['resumeQueue'] = (queue, write) =>
    pauseQueue(this.#calls, queue, 'resume', write)

  readonly muteFinding: Store['muteFinding'] = (finding, forMs, write) =>
    muteFinding(this.#calls, finding, forMs, write)
  readonly unmuteFinding: Store['unmuteFinding'] = (finding, write) =>
    unmuteFinding(this.#calls, finding, write)
  readonly mutes: Store['mutes'] = () => readMutes(this.#calls)

  readonly defineLimiters: Store['defineLimiters'] = (lease, limiters) =>
    defineLimiters(this.#calls, lease, limiters)
  readonly acquire: Store['acquire'] = (lease, request) => acquire(this.#calls, lease, request)
  readonly closeKeys: Store['closeKeys'] = (lease, request) => closeKeys(this.#calls, lease, request)
  readonly correctCost: Store['correctCost'] = (lease, request) => correctCost(this.#calls, lease, request)
  readonly setLimiter: Store['setLimiter'] = (name, numbers, write) =>
    setLimiter(this.#calls, name, numbers, write)
  readonly limiters: Store['limiters'] = () => readLimiters(this.#calls)
  readonly limiterKeys: Store['limiterKeys'] = (limiter, limit) =>
    readLimiterKeys(this.#calls, limiter, limit)
  readonly limitHolders: Store['limitHolders'] = (query) => readLimitHolders(this.#calls, query)
  readonly waitlist: Store['waitlist'] = (query) => readWaitlist(this.#calls, query)
  readonly linePlaces: Store['linePlaces'] = (run) => readLinePlaces(this.#calls, run)
  readonly waitGraph: Store['waitGraph'] = (from) => readWaitGraph(this.#calls, from)

  readonly campaign: Store['campaign'] = (role, lease, termMs, after) =>
    campaign(this.#calls, role, lease, termMs, after)
  readonly renewTerm: Store['renewTerm'] = (role, term, lease, duties) =>
    renewTerm(this.#calls, role, term, lease, duties)
  readonly resignTerm: Store['resignTerm'] = (role, term, lease) => resignTerm(this.#calls, role, term, lease)

  readonly putSchedule: Store['putSchedule'] = (name, spec, write) =>
    putSchedule(this.#calls, name, spec, write)
  readonly removeSchedule: Store['removeSchedule'] = (name, write) =>
    changeSchedule(this.#calls, name, 'remove', write)
  readonly pauseSchedule: Store['pauseSchedule'] = (name, write) =>
    changeSchedule(this.#calls, name, 'pause', write)
  readonly resumeSchedule: Store['resumeSchedule'] = (name, write) =>
    changeSchedule(this.#calls, name, 'resume', write)
  readonly triggerSchedule: Store['triggerSchedule'] = (name, revision, run, write) =>
    triggerSchedule(this.#calls, name, revision, run, write)
  readonly dueSchedules: Store['dueSchedules'] = (limit) => dueSchedules(this.#calls, limit)
  readonly fire: Store['fire'] = (request) => fire(this.#calls, request)

  readonly sweep: Store['sweep'] = (limit) => sweep(this.#calls, limit, this.#config.retention)
  readonly recount: Store['recount'] = (limit) => recount(this.#calls, limit)

  readonly run: Store['run'] = async (id) => {
    const [found] = await readRuns(this.#calls, [id], true)
    return found
  }

  readonly duplicateOf: Store['duplicateOf'] = (id) => readDuplicate(this.#calls, id)
  readonly holder: Store['holder'] = async (job, key) => (await readHolder(this.#calls, job, key)).holder
  readonly heldKeys: Store['heldKeys'] = (query) => listHeldKeys(this.#calls, query)

  readonly ended: Store['ended'] = async (ids) => {
    if (ids.length === 0) return []
    return ((await this.#calls.run('read-ended', ids)) as Buffer[]).map(String)
  }

  readonly journal: Store['journal'] = (id, page) => journalEntries(this.#calls, id, page)
  readonly journalOutline: Store['journalOutline'] = (id, page) => journalOutline(this.#calls, id, page)
  readonly history: Store['history'] = (id) => readHistory(this.#calls, id)
  readonly executions: Store['executions'] = (id) => readExecutions(this.#calls, id)
  readonly runs: Store['runs'] = (query) => listRuns(this.#calls, query)
  readonly counts: Store['counts'] = () => readRunCounts(this.#calls)
  readonly isCounted: Store['isCounted'] = () => isCounted(this.#calls)
  readonly failures: Store['failures'] = (filter) => readFailures(this.#calls, filter)
  readonly queues: Store['queues'] = () => readQueues(this.#calls)
  readonly workers: Store['workers'] = () => readWorkers(this.#calls)
  readonly lostWorkers: Store['lostWorkers'] = () => readLostWorkers(this.#calls)
  readonly definitions: Store['definitions'] = (kind) => readDefinitions(this.#calls, kind)
  readonly readyClasses: Store['readyClasses'] = () => readReadyClasses(this.#calls)
  readonly leaders: Store['leaders'] = async () => (await readLeaders(this.#calls)).leaders
  readonly schedules: Store['schedules'] = () => readSchedules(this.#calls)
  readonly ledger: Store['ledger'] = (schedule, page) => readLedger(this.#calls, schedule, page)
  readonly events: Store['events'] = (query) => readEvents(this.#calls, query)
  readonly throughput: Store['throughput'] = (minutes) => readThroughput(this.#calls, minutes)
  readonly statistics: Store['statistics'] = (range) => readStatistics(this.#calls, range)
  readonly overview: Store['overview'] = (query) => readOverview(this.#calls, query)

  readonly checks: Store['checks'] = async (scope = 'all') => {
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

  readonly onVacancy: Store['onVacancy'] = (listener) => this.#listen(this.#keys.vacancyChannel, listener)
  readonly onScheduleChange: Store['onScheduleChange'] = (listener) =>
    this.#listen(this.#keys.schedulesChannel, listener)
  readonly onChange: Store['onChange'] = (listener) => this.#listen(this.#keys.changesChannel, listener)

  async close(): Promise<void> {
    for (const unsubscribe of [...this.#subscriptions]) unsubscribe()
    await Promise.all([this.#wakeups.close(), this.#confirmation.close(), this.#link.close()])
  }

  #listen(channel: string, listener: () => void): Unsubscribe {
    return this.#subscription(this.#wakeups.listen(channel, listener))
  }

  #subscription(end: Unsubscribe): Unsubscribe {
    const unsubscribe = (): void => {
      if (this.#subscriptions.delete(unsubscribe)) end()
    }
    this.#subscriptions.add(unsubscribe)
    return unsubscribe
  }
}
