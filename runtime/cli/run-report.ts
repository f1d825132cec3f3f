import { inspect } from 'node:util'
import { durationToken } from '../describe/duration-token.ts'
import { executionEnd } from '../describe/execution-sentence.ts'
import { errorText, situation, tookText } from '../describe/situation.ts'
import { noNextTry, type StepSummary } from '../describe/step-summary.ts'
import { waitlistSentence } from '../describe/waitlist-sentence.ts'
import { isEnd, type Run } from '../model/run.ts'
import type { StoredError } from '../model/stored-error.ts'
import type { ExecutionInfo } from '../store/executions.ts'
import type { LinePlace } from '../store/limiters.ts'
import type { HistoryEntry } from '../store/store.ts'
import { fieldText } from './field-text.ts'
import { paint, screenWidth } from './output.ts'
import { oneLine, plainText, wrapLines } from './plain-text.ts'
import { readValue } from './run-json.ts'
import { ago, paintState, time } from './run-text.ts'
import { shortPath } from './short-path.ts'
import { firstUserFrame } from './stack-frames.ts'
import type { Column } from './table.ts'

const maxValueLines = 60

/** Formats a run: its facts, its state and why, what to do next: lines of a name and a value, then the error. */
export function runHead(run: Run, places: readonly LinePlace[], next: string): string {
  const ended = 'endedAt' in run
  const rows: readonly (readonly [string, string])[] = [
    ['run', run.id],
    ['state', run.state],
    ['because', run.state === 'failed' || run.state === 'completed' ? '' : because(run, places)],
    ['next', next],
    ['job', `${run.job}, version ${run.version}`],
    ['queue', `${run.queue}, priority ${run.priority}`],
    [
      'protect',
      run.protect ? 'needs scale-in protection; a worker without protection configured takes it too' : '',
    ],
    ['attempt', String(run.attempt)],
    ['losses', String(run.losses)],
    ['tags', run.tags.join(', ')],
    [
      'headers',
      Object.entries(run.headers)
        .map((pair) => pair.join('='))
        .join(', '),
    ],
    ['schedule', scheduleText(run)],
    ['unique', uniqueText(run)],
    ['enqueued', time(run.enqueuedAt)],
    ['started', run.startedAt === undefined ? '' : time(run.startedAt)],
    [ended ? 'ended' : 'changed', time(ended ? run.endedAt : run.changedAt)],
    ['took', run.state === 'completed' ? tookText(run) : ''],
  ]
  const lines = rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) =>
      fieldText(name, value, (text) => (name === 'state' ? paintState(text, run.state) : text)),
    )
  const error = 'error' in run ? run.error : undefined
  return [...lines, ...(error === undefined ? [] : ['', 'ERROR', ...errorLines(error)])].join('\n')
}

/** Returns the situation; of a run that waits for limiters, its position on each waitlist. */
function because(run: Run, places: readonly LinePlace[]): string {
  const lines = places.map((place) => midSentence(waitlistSentence(place, Date.now())))
  const own = run.state === 'waiting' && run.waitingFor.kind === 'limit' && lines.length > 0
  const error = 'error' in run && run.error !== undefined ? [errorText(run.error)] : []
  return [...(own ? error : [situation(run, Date.now())]), ...lines].join('; ')
}

function midSentence(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '')
}

/** An earlier version stored the tick alone. */
function scheduleText({ schedule, scheduledFor }: Run): string {
  const tick = scheduledFor === undefined ? '' : `its tick of ${time(scheduledFor)}`
  if (schedule === undefined) return tick
  return tick === '' ? `${schedule}, triggered` : `${schedule}, ${tick}`
}

function uniqueText(run: Run): string {
  if (run.unique === undefined) return ''
  const { key, until } = run.unique
  const free = 'endedAt' in run || (until === 'started' && run.startedAt !== undefined)
  if (free && typeof until !== 'number') return `key '${key}', free again`
  return `key '${key}', until ${typeof until === 'number' ? time(until) : `it has ${until}`}`
}

/** Formats the error, its causes, its inner errors, and where the first of the causes was thrown. */
function errorLines(error: StoredError): string[] {
  const links = linkLines(error, '', '').flatMap((line) => wrapLines(line, screenWidth()))
  return [...links, ...placeLines(innermost(error).stack)]
}

/** One error and all below it, the inner errors indented under the one that carries them. */
function linkLines(error: StoredError, indent: string, role: string): string[] {
  const code = error.code === undefined ? '' : ` [${error.code}]`
  const text = `${role}${errorText(error)}`
  const own = indent === '' ? bounded(plainText(text + code)) : [oneLine(text) + plainText(code)]
  const below = [
    ...(error.errors ?? []).flatMap((inner) => linkLines(inner, `${indent}  `, 'with ')),
    ...(error.cause === undefined ? [] : linkLines(error.cause, indent, 'caused by ')),
  ]
  return [...own.map((line) => `${indent}${line}`), ...below]
}

function innermost(error: StoredError): StoredError {
  return error.cause === undefined ? error : innermost(error.cause)
}

/** Reduces the stack to the one line that its reader can change. */
function placeLines(stack = ''): string[] {
  const frame = firstUserFrame(stack)
  if (frame === undefined) return []
  const text = plainText(`  at ${shortPath(frame.path)}:${frame.line} (all of the stack with --json)`)
  return wrapLines(text, screenWidth()).map((line) => paint('dim', line))
}

/** A stored value as Node shows it, of bounded length. */
export function valueText(bytes: Uint8Array, name: string): string {
  const read = readValue(bytes, name)
  if ('unreadable' in read) return `(${read.unreadable})`
  if (read.value === undefined) return 'none'
  const text = inspect(read.value, {
    depth: 8,
    maxArrayLength: 50,
    maxStringLength: 2_000,
    breakLength: screenWidth() ?? 110,
  })
  return bounded(plainText(text)).join('\n')
}

function bounded(text: string): string[] {
  const lines = text.split('\n')
  const rest = lines.length - maxValueLines
  return rest <= 0
    ? lines
    : [...lines.slice(0, maxValueLines), `… ${rest} more lines (all of it with --json)`]
}

const stepColours: Partial<Record<StepSummary['state'], Parameters<typeof paint>[0]>> = {
  done: 'green',
  failed: 'red',
  retrying: 'yellow',
  intent: 'cyan',
}

const notInCode = 'no longer in the code'

export const stepColumns = ({ state: runState }: Pick<Run, 'state'>): readonly Column<StepSummary>[] => [
  { title: 'STEP', cell: (step) => step.path },
  {
    title: 'KIND',
    cell: (step) => (step.atMostOnce ? `${step.kind}, at most once` : step.kind),
    drops: 4,
  },
  {
    title: 'STATE',
    cell: (step) => step.state,
    paint: (text, { state }) => paint(stepColours[state], text),
  },
  { title: 'TRIES', cell: (step) => step.tries, align: 'right', drops: 3 },
  {
    title: 'TOOK',
    cell: (step) => (step.durationMs === 0 ? '' : durationToken(step.durationMs)),
    align: 'right',
    drops: 2,
  },
  { title: 'STORED', cell: (step) => ago(step.storedAt), align: 'right', drops: 1 },
  {
    title: 'SITUATION',
    cell: (step) => (step.orphan ? orphanSituation(step) : stepSituation(step, isEnd(runState))),
    shrinks: true,
    least: 28,
  },
]

/** @param isOver The run has ended: nothing of the step follows. */
function stepSituation({ state, remainingMs = 0, error }: StepSummary, isOver: boolean): string {
  const due = remainingMs > 0 ? `in ${durationToken(remainingMs)}` : 'now'
  const last = error === undefined ? '' : errorText(error)
  switch (state) {
    case 'waiting':
      return isOver ? 'was waiting when the run ended' : `due ${due}`
    case 'retrying':
      return `${isOver ? noNextTry : `next try ${due}`}; ${last}`
    case 'intent':
      return 'began; its end is not stored'
    case 'failed':
      return last
    case 'done':
      return last === '' ? '' : `after ${last}`
  }
}

/** Nothing waits for the step any longer, whatever it was waiting for. */
function orphanSituation({ error }: StepSummary): string {
  return error === undefined ? notInCode : `${notInCode}; ${errorText(error)}`
}

export const historyColumns: readonly Column<HistoryEntry>[] = [
  { title: 'HISTORY', cell: (entry) => entry.kind },
  { title: 'WHEN', cell: (entry) => ago(entry.at), align: 'right' },
  { title: 'BY', cell: (entry) => entry.by ?? '', shrinks: true },
  { title: 'WORKER', cell: (entry) => entry.worker ?? '', shrinks: true },
  { title: 'REASON', cell: (entry) => entry.reason ?? '', shrinks: true, least: 20 },
]

/** Only if a worker of it ran in an ECS task. */
const taskColumn: Column<ExecutionInfo> = {
  title: 'TASK',
  cell: ({ task }) => task ?? '',
  ...{ shrinks: true, least: 8, drops: 3 },
}

export const executionColumns = (executions: readonly ExecutionInfo[]): readonly Column<ExecutionInfo>[] => [
  { title: 'EXECUTION', cell: ({ n }) => n, align: 'right' },
  { title: 'CLAIMED', cell: ({ claimedAt }) => ago(claimedAt), align: 'right' },
  {
    title: 'QUEUED',
    cell: ({ waitedMs }) => (waitedMs === undefined ? '' : durationToken(waitedMs)),
    align: 'right',
  },
  { title: 'WORKER', cell: ({ worker }) => worker ?? '', shrinks: true },
  ...(executions.some(({ task }) => task !== undefined) ? [taskColumn] : []),
  { title: 'VERSION', cell: ({ version }) => version ?? '', align: 'right', drops: 2 },
  {
    title: 'RAN',
    cell: ({ claimedAt, end }) => (end === undefined ? '' : durationToken(end.at - claimedAt)),
    align: 'right',
    drops: 1,
  },
  { title: 'END', cell: ({ end }) => executionEnd(end), shrinks: true, least: 20 },
]
