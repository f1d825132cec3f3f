import { orphanSentences } from '../describe/orphaned-steps.ts'
import { formatDuration } from '../model/format-duration.ts'
import { suspectStreak } from '../model/poison.ts'
import type { Run, RunState, WaitingFor } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import { fromStoredError } from '../model/stored-error.ts'
import { reasonOf } from '../model/thrown.ts'
import { deadlockRemedy, deadlockText } from '../store/deadlock-check.ts'
import { findDeadlocks } from '../store/deadlocks.ts'
import type { Inspector, QueueInfo, WorkerInfo } from '../store/store.ts'
import { clockTime, lineSentence } from './line-sentence.ts'

/** Why a run is where it is: one sentence after the other, from the run itself to what holds it up. */
export interface Explanation {
  readonly id: RunId
  readonly state: RunState | 'unknown'
  readonly sentences: readonly string[]
}

/** What the sentences are made of: read once, each part a snapshot. */
interface Facts {
  readonly inspector: Inspector
  readonly now: number
  readonly queue: QueueInfo | undefined
  readonly workers: readonly WorkerInfo[]
}

/** @param now This host's time, only to write times as people read them. */
export async function explainRun(inspector: Inspector, id: RunId, now: number): Promise<Explanation> {
  const run = await inspector.run(id)
  if (run === undefined) return { id, state: 'unknown', sentences: await unknownRun(inspector, id) }
  const [queues, workers] = await Promise.all([inspector.queues(), inspector.workers()])
  const facts = { inspector, now, workers, queue: queues.find(({ name }) => name === run.queue) }
  const sentences = await explainers[run.state](run as never, facts)
  return { id, state: run.state, sentences: [...sentences, ...(await orphanSentences(run, inspector))] }
}

async function unknownRun(inspector: Inspector, id: RunId): Promise<string[]> {
  const holder = await inspector.duplicateOf(id)
  if (holder !== undefined) {
    return [`It is a duplicate of run ${holder}, which held its unique key; no run of its own was made.`]
  }
  return [
    `No run has this id in ${inspector.address}: it was never enqueued here, or was removed after its retention.`,
  ]
}

type Of<State extends RunState> = Extract<Run, { state: State }>

const explainers: { readonly [State in RunState]: (run: Of<State>, facts: Facts) => Promise<string[]> } = {
  scheduled: async (run, facts) => [
    `It ${dueText(run.dueAt, facts.now)}.`,
    ...hindrances(run, facts).map((sentence) => `Then: ${sentence}`),
  ],
  ready: async (run, facts) => explainReady(run, facts),
  running: async (run, facts) => [
    `It runs on worker ${run.worker}, since ${instant(run.changedAt, facts.now)}.`,
    ...(await openSteps(run, facts)),
    ...lostHolder(run.worker, facts),
  ],
  waiting: explainWaiting,
  blocked: async (run) => [
    `It is blocked: ${run.reason}.`,
    `It goes on by itself when a worker with other code of the job registers, or by: durable-jobs retry ${run.id}.`,
  ],
  cancelling: async (run, facts) => [
    `It was told to stop by ${whoAndWhy(run)}; worker ${run.worker} ends it at its next step edge.`,
    ...lostHolder(run.worker, facts),
  ],
  completed: async (run, facts) => [
    `It completed ${instant(run.endedAt, facts.now)}; nothing is left to do.`,
  ],
  failed: async (run, facts) => [
    `It failed ${instant(run.endedAt, facts.now)}: ${reasonOf(fromStoredError(run.error))}.`,
    ...(run.escaped === undefined
      ? []
      : [`The error came from step '${run.escaped}', which has no attempt left.`]),
    `It goes on from its stored steps by: durable-jobs retry ${run.id}.`,
  ],
  cancelled: async (run, facts) => [
    `It was cancelled by ${whoAndWhy(run)}, ${instant(run.endedAt, facts.now)}.`,
  ],
  expired: async (run, facts) => [
    `It expired ${instant(run.endedAt, facts.now)}: no worker started it within its expiresIn.`,
  ],
}

async function explainReady(run: Of<'ready'>, facts: Facts): Promise<string[]> {
  const reasons = hindrances(run, facts)
  if (reasons.length > 0) return reasons
  const able = ableWorkers(run, facts)
  const [slots, taken] = [sum(able, 'concurrency'), sum(able, 'running')]
  const ready = facts.queue?.counts.ready ?? 1
  const are = `${ready === 1 ? '1 run is' : `${ready} runs are`} ready in queue '${run.queue}'`
  if (taken >= slots) return [`All ${slots} slots of the workers that could take it are in use; ${are}.`]
  // Which losses were in a row is known to the store alone (R17).
  return run.losses < suspectStreak
    ? [`A worker takes it with its next claim; ${are}.`]
    : [
        `It was lost ${run.losses} times. After ${suspectStreak} losses in a row without a new step only a worker that ` +
          'holds no other such run takes it, with its next claim; start another worker if that takes too long.',
      ]
}

async function explainWaiting(run: Of<'waiting'>, facts: Facts): Promise<string[]> {
  const places = await facts.inspector.linePlaces(run.id)
  const lines = places.map((place) => lineSentence(place, facts.now))
  const error =
    run.error === undefined ? [] : [`Its last attempt failed: ${reasonOf(fromStoredError(run.error))}.`]
  const own =
    run.waitingFor.kind === 'limit' && lines.length > 0 ? [] : [waitSentence(run.waitingFor, facts.now)]
  const stuck = run.waitingFor.kind === 'limit' ? await deadlockSentences(run.id, facts) : []
  return [...own, ...error, ...lines, ...stuck, ...hindrances(run, facts)]
}

/** What holds up the run for good: a deadlock that it is in, or one behind which it waits. */
async function deadlockSentences(id: RunId, { inspector }: Facts): Promise<string[]> {
  const deadlocks = findDeadlocks(await inspector.waitGraph({ run: id }), id)
  return deadlocks.flatMap((deadlock) => [
    deadlock.runs.some((run) => run.id === id)
      ? `It is in a deadlock: ${deadlockText(deadlock)}.`
      : `It waits behind a deadlock: ${deadlockText(deadlock)}.`,
    `To end it, ${deadlockRemedy(deadlock)}.`,
  ])
}

function waitSentence({ kind, name, until }: WaitingFor, now: number): string {
  const of = name === undefined ? '' : ` of step '${name}'`
  const due = until === undefined ? '' : dueText(until, now)
  if (kind === 'limit') return `It waits for limiter '${name}'.`
  if (kind === 'time')
    return `It sleeps${name === undefined ? '' : ` in step '${name}'`}${due && `; it ${due}`}.`
  return due === '' ? `It pauses before its next try${of}.` : `Its next try${of} ${due}.`
}

/** What keeps every worker from taking the run, however long its turn has come. */
function hindrances(run: Run, facts: Facts): string[] {
  const { queue, workers, now } = facts
  const { paused } = queue ?? {}
  const pause =
    paused && `Queue '${run.queue}' is paused by ${whoAndWhy(paused)}, since ${clockTime(paused.at, now)}.`
  const live = workers.filter(({ lost }) => !lost)
  const knowing = live.filter((worker) => worker.jobs.some(({ name }) => name === run.job))
  return [
    ...(pause === undefined ? [] : [pause]),
    ...nobodySentence(run, { ...facts, workers: live }, knowing),
  ]
}

function nobodySentence(run: Run, facts: Facts, knowing: readonly WorkerInfo[]): string[] {
  if (facts.workers.length === 0) return ['No worker is running.']
  if (knowing.length === 0) return [`No live worker knows job '${run.job}'.`]
  if (!knowing.some((worker) => knows(worker, run))) {
    return [`No live worker has version ${run.version} of job '${run.job}' or a newer one.`]
  }
  const able = ableWorkers(run, facts)
  if (able.length === 0)
    return [`No live worker that knows job '${run.job}' takes from queue '${run.queue}'.`]
  return able.every(({ draining }) => draining) ? ['Every worker that could take it is draining.'] : []
}

function ableWorkers(run: Run, { workers }: Facts): readonly WorkerInfo[] {
  return workers.filter(
    (worker) =>
      !worker.lost &&
      knows(worker, run) &&
      (worker.queues === undefined || worker.queues.includes(run.queue)),
  )
}

function knows({ jobs }: WorkerInfo, { job, version }: Run): boolean {
  return jobs.some((known) => known.name === job && known.version >= version)
}

/** Steps that began and have no end stored. */
async function openSteps(run: Run, { inspector, now }: Facts): Promise<string[]> {
  const places = await inspector.linePlaces(run.id)
  const entries = await inspector.journal(run.id, { after: Math.max(0, run.position - 1), limit: 1 })
  const last = entries.at(-1)
  const stored =
    last === undefined
      ? []
      : [`The last entry stored is '${last.path}' (${last.phase}), ${instant(last.at, now)}.`]
  return [...stored, ...places.map((place) => lineSentence(place, now))]
}

function lostHolder(name: string, { workers }: Facts): string[] {
  const holder = workers.find((worker) => worker.name === name)
  if (holder !== undefined && !holder.lost) return []
  return workers.some(({ lost }) => !lost)
    ? ['That worker is dead; another one takes the run over now.']
    : ['That worker is dead and no other is running: start one, and the run goes on from its stored steps.']
}

/** Inside a sentence, which goes on behind it. */
function whoAndWhy({ by, reason }: { readonly by: string; readonly reason?: string }): string {
  return reason === undefined ? by : `${by} (${reason})`
}

function sum(workers: readonly WorkerInfo[], field: 'concurrency' | 'running'): number {
  return workers.reduce((total, worker) => total + worker[field], 0)
}

/** Of what has a time to come, and may be late. */
function dueText(at: number, now: number): string {
  return `${at > now ? 'is' : 'was'} due ${instant(at, now)}`
}

/** An instant and how far it is from now. */
function instant(at: number, now: number): string {
  const distance = formatDuration(Math.abs(at - now))
  return at > now ? `in ${distance}, at ${clockTime(at, now)}` : `${distance} ago, at ${clockTime(at, now)}`
}
