import { clockTime } from '../../../runtime/describe/clock-time.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { openStepSentences } from '../../../runtime/describe/open-step.ts'
import { noNextTry } from '../../../runtime/describe/step-summary.ts'
import type { JournalEntry } from '../../../runtime/model/journal.ts'
import { isEnd } from '../../../runtime/model/run.ts'
import { hasBody, stepKindRow } from '../../../runtime/model/step-kind.ts'
import type { StoredError } from '../../../runtime/model/stored-error.ts'
import type { Jump } from '../../app/place.ts'
import type { Thing } from '../../app/thing.ts'
import { type DocumentLine, documentLine, sentenceLines } from '../../kit/document.ts'
import { errorDocument } from '../../kit/error-document.ts'
import { toggledLines } from '../../kit/folds.ts'
import { type Span, span } from '../../kit/span.ts'
import { valueDocument } from '../../kit/value-document.ts'
import { valueDiff } from '../../text/value-diff.ts'
import { runJumps } from '../runs/run-jumps.ts'
import type { ScreenInput } from '../screen.ts'
import type { StepData } from './step-data.ts'

type Known = ScreenInput<StepData> & { readonly data: StepData }

/** A step as lines: its result, then its tries, the last one first. */
export function stepLines(input: ScreenInput<StepData>): readonly DocumentLine[] {
  const { data } = input
  if (data?.run === undefined) return []
  const thing: Thing = { kind: 'step', id: data.path, run: data.run.id, state: data.run.state }
  const known = { ...input, data }
  const tries = data.entries.map((entry, i) => tryLines(entry, data.entries[i - 1], known)).reverse()
  const jumps: readonly Jump[] = [
    { label: `run ${data.run.id}`, target: { screen: 'run', subject: data.run.id } },
    ...runJumps(data.run),
  ]
  const lines = [...openLines(known), ...resultLines(known), ...tries.flat()]
  return lines.map((line) => ({ thing, jumps, ...line }))
}

export function resultOf({ entries }: StepData): Uint8Array | undefined {
  const last = entries.at(-1)
  return last?.phase === 'done' && last.kind === 'run' ? last.value : undefined
}

export function lastErrorOf({ entries }: StepData): StoredError | undefined {
  return entries.map(errorOf).findLast((error) => error !== undefined)
}

function errorOf(entry: JournalEntry | undefined): StoredError | undefined {
  return entry?.phase === 'failed' || entry?.phase === 'retrying' ? entry.error : undefined
}

/** The try that runs now has no entry yet. */
function openLines({ data, size }: Known): readonly DocumentLine[] {
  const { run, path } = data
  if (run === undefined || !('step' in run) || run.step?.path !== path) return []
  return openStepSentences(run.step).flatMap((text) =>
    sentenceLines('open', text, { width: size.columns, tone: 'busy' }),
  )
}

function resultLines({ data, place, size }: Known): readonly DocumentLine[] {
  const value = resultOf(data)
  if (value === undefined) return []
  const toggled = toggledLines(place.own, 'value')
  return [
    documentLine({ id: 'head value', spans: [span('it returned', 'dim')] }),
    ...valueDocument(value, 'result', { id: 'value', width: size.columns, depth: 1, toggled }),
  ]
}

const outcomes = {
  done: ['done', 'good'],
  failed: ['failed, no attempt left', 'bad'],
  retrying: ['failed', 'warn'],
  waiting: ['waits', 'dim'],
  intent: ['began, at most once', 'busy'],
} as const satisfies Readonly<Record<JournalEntry['phase'], readonly [string, Span['tone']]>>

function outcomeOf({ kind, phase }: JournalEntry): readonly [string, Span['tone']] {
  const { wait } = stepKindRow(kind)
  if (wait === undefined || (phase !== 'waiting' && phase !== 'done')) return outcomes[phase]
  return phase === 'waiting' ? [wait.begun, 'dim'] : [wait.ended, 'good']
}

/** One entry of the journal, with its error. */
function tryLines(
  entry: JournalEntry,
  before: JournalEntry | undefined,
  input: Known,
): readonly DocumentLine[] {
  const { now, data } = input
  const { phase, kind, attempt, durationMs, at, position } = entry
  const [word, tone] = outcomeOf(entry)
  const took =
    !hasBody(kind) || phase === 'intent'
      ? ''
      : `, took ${durationMs < 1 ? '<1ms' : durationToken(durationMs)}`
  const isOver = entry === data.entries.at(-1) && data.run !== undefined && isEnd(data.run.state)
  const head = documentLine({
    id: `head ${position}`,
    spans: [
      span(hasBody(kind) ? `try ${attempt} ` : '', 'title'),
      span(word, tone),
      span(took),
      span(`  ${clockTime(at, now)} (${durationToken(now - at)} ago)`, 'dim'),
      span(pauseText(entry, isOver), 'dim'),
    ],
  })
  return [head, ...errorLines(entry, before, input)]
}

/** @param isOver The run ended during the wait that this entry began. */
function pauseText(entry: JournalEntry, isOver: boolean): string {
  if (entry.phase !== 'waiting' && entry.phase !== 'retrying') return ''
  const { pauseMs, remainingMs, phase } = entry
  if (isOver && phase === 'retrying') return `  ${noNextTry}`
  const left = remainingMs > 0 ? `, ${durationToken(remainingMs)} left when read` : ''
  const rest = isOver ? '; the run has ended' : left
  return `  ${phase === 'retrying' ? 'next try after a pause of ' : 'for '}${durationToken(pauseMs)}${rest}`
}

function errorLines(
  entry: JournalEntry,
  before: JournalEntry | undefined,
  { place, size, look }: Known,
): readonly DocumentLine[] {
  const error = errorOf(entry)
  if (error === undefined) return []
  const id = `try ${entry.position}`
  const last = errorOf(before)
  if (place.own.differences === true && last !== undefined) return diffLines(id, [last, error], size.columns)
  const options = { id, width: size.columns, look, depth: 1, toggled: toggledLines(place.own, id) }
  return errorDocument(error, options)
}

const signs = { same: ' ', removed: '-', added: '+' } as const
const signTones = { same: 'dim', removed: 'bad', added: 'good' } as const

/** How an error differs from the previous try's. */
function diffLines(
  id: string,
  [before, error]: readonly [StoredError, StoredError],
  width: number,
): readonly DocumentLine[] {
  const lines = valueDiff(before, error)
  if (lines.every(({ change }) => change === 'same')) {
    return sentenceLines(`${id} same`, 'the same error as in the try before', {
      width,
      depth: 1,
      tone: 'dim',
    })
  }
  return lines.map(({ change, path, depth, text }, i) =>
    documentLine({
      ...{ id: `${id} diff ${i} ${path}`, depth: depth + 1 },
      spans: [span(`${signs[change]} ${text}`, signTones[change])],
    }),
  )
}
