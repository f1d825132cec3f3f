import { formatDuration } from '../model/format-duration.ts'
import { poisonLimit, suspectStreak } from '../model/poison.ts'
import type { Run, RunState, WaitingFor } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import { fromStoredError } from '../model/stored-error.ts'
import { reasonOf } from '../model/thrown.ts'
import { waitRow } from '../model/wait.ts'
import { deadlockRemedy, deadlockText } from '../store/deadlock-check.ts'
import { findDeadlocks } from '../store/deadlocks.ts'
import type { LinePlace } from '../store/limiters.ts'
import type { Inspector } from '../store/store.ts'
import { clockTime, instantText } from './clock-time.ts'
import { commandLine } from './command-line.ts'
import { type FleetSnapshot, findHindrances, hindranceSentence } from './hindrance.ts'
import { byInSentence } from './manual-action.ts'
import { openStepSentences } from './open-step.ts'
import { orphanSentences } from './orphaned-steps.ts'
import { retryAdvice } from './retry-command.ts'
import { ruleText } from './rule-text.ts'
import { isLossPause } from './situation.ts'
import { stopText } from './stop-text.ts'
import { waitlistSentence } from './waitlist-sentence.ts'

/** Why a run is in its state: one sentence after the other, from the run itself to the cause. */
export interface Explanation {
  readonly id: RunId
  readonly state: RunState | 'unknown'
  readonly sentences: readonly string[]
}

/** The data of the sentences: read once, each part a snapshot. */
interface Facts extends FleetSnapshot {
  readonly inspector: Inspector
  readonly now: number
}

/** @param now This host's time, only to write times as people read them. */
export async function explainRun(inspector: Inspector, id: RunId, now: number): Promise<Explanation> {
  const run = await inspector.run(id)
  if (run === undefined) return { id, state: 'unknown', sentences: await unknownRun(inspector, id) }
  const [queues, workers] = await Promise.all([inspector.queues(), inspector.workers()])
  const facts = { inspector, now, workers, queues }
  const sentences = await explainers[run.state](run as never, facts)
  return {
    id,
    state: run.state,
    sentences: [
      ...sentences,
      ...(await lossSentences(run, inspector)),
      ...(await orphanSentences(run, inspector)),
    ],
  }
}

async function unknownRun(inspector: Inspector, id: RunId): Promise<string[]> {
  const holder = await inspector.duplicateOf(id)
  if (holder !== undefined) {
    return [
      `It is a duplicate of run ${holder}, which held its unique key; no run was created under this id.`,
    ]
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
    `It has been running on ${run.worker} for ${formatDuration(Math.max(0, facts.now - run.changedAt))} (since ${clockTime(run.changedAt, facts.now)}).`,
    ...openStepSentences(run.step),
    ...(await openSteps(run, facts)),
    ...lostHolder(run.worker, facts),
  ],
  waiting: explainWaiting,
  blocked: async (run) => [
    `It is blocked: ${run.reason}.`,
    `It continues by itself once a worker starts with code that fits its steps; to try again now: ${commandLine(['retry', run.id], {})}.`,
  ],
  cancelling: async (run, facts) => [
    `It was told to stop by ${byInSentence(run)}; ${stopText(run.worker)}.`,
    ...openStepSentences(run.step),
    ...lostHolder(run.worker, facts),
  ],
  completed: async (run, facts) => [
    `It completed ${instantText(run.endedAt, facts.now)}; nothing is left to do.`,
  ],
  failed: async (run, facts) => [
    `It failed ${instantText(run.endedAt, facts.now)}: ${reasonOf(fromStoredError(run.error))}.`,
    ...(run.escaped === undefined
      ? []
      : [`The error came from step '${run.escaped}', which has no attempts left.`]),
    await continuation(run, facts),
  ],
  cancelled: async (run, facts) => [
    `It was cancelled by ${byInSentence(run)}, ${instantText(run.endedAt, facts.now)}.`,
  ],
  expired: async (run, facts) => [
    `It expired ${instantText(run.endedAt, facts.now)}: no worker started it within its expiresIn.`,
  ],
}

async function continuation(run: Run, { inspector }: Facts): Promise<string> {
  const { command, unless } = await retryAdvice(run, inspector, {})
  return unless === undefined
    ? `To continue it from its stored steps: ${command}.`
    : `If the effect of step '${unless}' did not happen, continue it from its stored steps: ${command}.`
}

async function explainReady(run: Of<'ready'>, facts: Facts): Promise<string[]> {
  const reasons = hindrances(run, facts)
  if (reasons.length > 0) return reasons
  const ready = facts.queues.find(({ name }) => name === run.queue)?.counts.ready ?? 1
  const are = `${ready === 1 ? '1 run is' : `${ready} runs are`} ready in queue '${run.queue}'`
  const busy = findHindrances(run, facts).find(({ kind }) => kind === 'busy')
  if (busy !== undefined) return [hindranceSentence(busy, run, facts.now).replace(/\.$/, `; ${are}.`)]
  const { lossStreak = 0 } = run
  return lossStreak < suspectStreak
    ? [`A worker takes it with its next claim; ${are}.`]
    : [
        `It was lost ${lossStreak} times in a row. After ${suspectStreak} losses without a new step, only a worker that ` +
          'holds no other such run takes it, with its next claim; start another worker if this takes too long.',
      ]
}

async function explainWaiting(run: Of<'waiting'>, facts: Facts): Promise<string[]> {
  const places = await facts.inspector.linePlaces(run.id)
  const lines = places.map((place) => waitlistSentence(place, facts.now))
  const changed = places.length === 0 ? [] : await changedLimits(places, facts)
  const error =
    run.error === undefined ? [] : [`Its last attempt failed: ${reasonOf(fromStoredError(run.error))}.`]
  const own = run.waitingFor.kind === 'limit' && lines.length > 0 ? [] : [waitingSentence(run, facts.now)]
  const stuck = run.waitingFor.kind === 'limit' ? await deadlockSentences(run.id, facts) : []
  // The next attempt waits for the end of the previous body (R3).
  const late =
    run.error?.name === 'StepTimeoutError'
      ? ['A body that ignores its signal gets a few seconds to end before the step continues.']
      : []
  return [...own, ...error, ...late, ...lines, ...changed, ...stuck, ...hindrances(run, facts)]
}

/** Returns the limits that an operator changed, and by whom. */
async function changedLimits(places: readonly LinePlace[], { inspector, now }: Facts): Promise<string[]> {
  const names = new Set(places.map(({ limiter }) => limiter))
  const limiters = await inspector.limiters()
  return limiters
    .filter(({ name }) => names.has(name))
    .flatMap(({ name, rule, byHand }) =>
      byHand === undefined
        ? []
        : [
            `Limiter '${name}' was set to ${ruleText(rule)} by ${byInSentence(byHand)}, ${instantText(byHand.at, now)}; ` +
              `the code says ${ruleText(byHand.code)}.`,
          ],
    )
}

/** Returns why the run can't continue by itself: a deadlock that it is in, or one that it waits behind. */
async function deadlockSentences(id: RunId, { inspector }: Facts): Promise<string[]> {
  const deadlocks = findDeadlocks(await inspector.waitGraph({ run: id }), id)
  return deadlocks.flatMap((deadlock) => [
    deadlock.runs.some((run) => run.id === id)
      ? `It is in a deadlock: ${deadlockText(deadlock)}.`
      : `It waits behind a deadlock: ${deadlockText(deadlock)}.`,
    `To end it, ${deadlockRemedy(deadlock)}.`,
  ])
}

function waitingSentence(run: Of<'waiting'>, now: number): string {
  if (!isLossPause(run)) return waitSentence(run.waitingFor, now)
  const { until } = run.waitingFor
  const due = until === undefined ? 'follows' : dueText(until, now)
  return (run.lossStreak ?? 0) < poisonLimit
    ? `It pauses because its worker was lost; its next attempt ${due}.`
    : `It pauses because its worker was lost, and has no attempt left: its next claim, which fails it as poisoned, ${due}.`
}

function waitSentence({ kind, name, until }: WaitingFor, now: number): string {
  return waitRow(kind).sentence(name, until === undefined ? undefined : dueText(until, now))
}

/** Returns what keeps every worker from taking the run, even if a slot were free. */
function hindrances(run: Run, facts: Facts): string[] {
  return findHindrances(run, facts)
    .filter(({ kind }) => kind !== 'busy')
    .map((hindrance) => hindranceSentence(hindrance, run, facts.now))
}

/** Returns the steps that began and have no end stored. */
async function openSteps(run: Run, { inspector, now }: Facts): Promise<string[]> {
  const places = await inspector.linePlaces(run.id)
  const entries = await inspector.journalOutline(run.id, { after: Math.max(0, run.position - 1), limit: 1 })
  const last = entries.at(-1)
  const stored =
    last === undefined
      ? []
      : [`The last stored entry is '${last.path}' (${last.phase}), ${instantText(last.at, now)}.`]
  return [...stored, ...places.map((place) => waitlistSentence(place, now))]
}

function lostHolder(name: string, { workers }: Facts): string[] {
  const holder = workers.find((worker) => worker.name === name)
  if (holder !== undefined && !holder.lost) return []
  return workers.some(({ lost }) => !lost)
    ? ['That worker is dead; another one is taking the run over.']
    : ['That worker is dead and no other is running: start one, and the run continues from its stored steps.']
}

/** Describes a due time, which may have passed. */
function dueText(at: number, now: number): string {
  return `${at > now ? 'is' : 'was'} due ${instantText(at, now)}`
}

/** Describes the losses of a live run, and the effect of another one. */
async function lossSentences(run: Run, inspector: Pick<Inspector, 'history'>): Promise<string[]> {
  if (run.losses === 0 || 'endedAt' in run) return []
  const explained = (await inspector.history(run.id)).findLast(({ kind }) => kind === 'explained')
  const known =
    explained === undefined
      ? []
      : [`The end of its worker ${explained.worker} is explained: ${explained.reason}.`]
  const workers = run.losses === 1 ? '1 worker' : `${run.losses} workers`
  return [
    `It has lost ${workers} so far: ${run.lossStreak ?? 0} of the ${poisonLimit} losses in a row without a new step that fail it as poisoned.`,
    ...known,
  ]
}
