import { clockTime } from '../../../runtime/describe/clock-time.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { executionSentence } from '../../../runtime/describe/execution-sentence.ts'
import { historySentence } from '../../../runtime/describe/history-sentence.ts'
import type { ExecutionInfo } from '../../../runtime/store/executions.ts'
import type { HistoryEntry } from '../../../runtime/store/store.ts'
import { type DocumentLine, documentLine, sentenceLines } from '../../kit/document.ts'
import { errorDocument } from '../../kit/error-document.ts'
import { toggledLines } from '../../kit/folds.ts'
import { type Span, span } from '../../kit/span.ts'
import { valueDocument } from '../../kit/value-document.ts'
import type { ScreenInput } from '../screen.ts'
import { allFacts } from './facts.ts'
import { jumpsOf } from './jumps.ts'
import type { KnownRun, RunData } from './run-data.ts'
import { type RunTab, shownTab } from './tabs.ts'

type Known = ScreenInput<RunData> & { readonly data: KnownRun }

/** The content of the lower pane: one tab's lines. */
export function detailRows(input: ScreenInput<RunData>): readonly DocumentLine[] {
  return tabLines(input, shownTab(input.place, input.data))
}

export function tabLines(input: ScreenInput<RunData>, tab: RunTab): readonly DocumentLine[] {
  const { data } = input
  if (data?.kind !== 'known') return []
  const { run } = data
  const jumps = jumpsOf(data)
  const lines = tabs[tab]({ ...input, data })
  return lines.map((line) => ({
    ...{ jumps, thing: { kind: 'run', id: run.id, job: run.job, state: run.state } },
    ...line,
  }))
}

const tabs: Readonly<Record<RunTab, (input: Known) => readonly DocumentLine[]>> = {
  why: whyLines,
  error: errorLines,
  input: ({ data, place, size }) =>
    valueDocument(data.run.input, 'input', {
      ...{ id: 'input', width: size.columns, toggled: toggledLines(place.own, 'input') },
    }),
  output: outputLines,
  history: historyLines,
  about: ({ data, now, size }) =>
    allFacts(data.run, now).flatMap(([name, value], i) =>
      sentenceLines(`about ${name} ${i}`, `${name.padEnd(10)}${value}`, { width: size.columns }),
    ),
}

function whyLines({ data, size }: Known): readonly DocumentLine[] {
  const { sentences, next, failure, run } = data
  const width = size.columns
  const others =
    failure === undefined || failure.failedNow <= (run.state === 'failed' ? 1 : 0)
      ? []
      : [
          `${failure.failedNow.toLocaleString('en')} ${failure.failedNow === 1 ? 'run is' : 'runs are'} failed now in this way: J leads to them.`,
        ]
  return [
    ...[...sentences, ...others].flatMap((text, i) => sentenceLines(`why ${i}`, text, { width })),
    ...(next === '' ? [] : sentenceLines('why next', `To do: ${next}`, { width, tone: 'title' })),
  ]
}

function errorLines({ data, place, size, look }: Known): readonly DocumentLine[] {
  const { run } = data
  const error = 'error' in run ? run.error : undefined
  if (error === undefined) {
    const tries = 'a step’s own errors are in the step: enter on it'
    const text = `it has no error${run.state === 'completed' ? '' : ' now'}; ${tries}`
    return sentenceLines('error none', text, { width: size.columns, tone: 'dim' })
  }
  const from =
    run.state === 'failed' && run.escaped !== undefined
      ? sentenceLines('error from', `from step '${run.escaped}', which has no attempt left`, {
          ...{ width: size.columns, tone: 'dim' },
        })
      : []
  const options = { id: 'error', width: size.columns, look, toggled: toggledLines(place.own, 'error') }
  return [...errorDocument(error, options), ...from]
}

function outputLines({ data, place, size }: Known): readonly DocumentLine[] {
  const { run } = data
  if (run.state !== 'completed') {
    const text = `it has no output: it is ${run.state}; what its steps returned is in each step: enter on it`
    return sentenceLines('output none', text, { width: size.columns, tone: 'dim' })
  }
  const toggled = toggledLines(place.own, 'output')
  return valueDocument(run.output, 'output', { id: 'output', width: size.columns, toggled })
}

/** Its history and its executions, by time. */
function historyLines({ data, now, size }: Known): readonly DocumentLine[] {
  const { history, executions, run } = data
  const lines = [
    ...history.map((entry, i) => ({ at: entry.at, line: historyLine(entry, i, run.id, now) })),
    ...executions.map((execution) => ({
      at: execution.claimedAt,
      line: executionLine(execution, run.id, now),
    })),
  ]
  if (lines.length === 0) {
    const text = 'no history besides its steps: no loss, no hand-over, no manual action'
    return sentenceLines('history none', text, { width: size.columns, tone: 'dim' })
  }
  return lines.toSorted((a, b) => a.at - b.at).map(({ line }) => line)
}

function historyLine(entry: HistoryEntry, i: number, run: string, now: number): DocumentLine {
  const { at, kind, worker } = entry
  const isBad = kind === 'lost' || kind === 'poisoned' || kind === 'blocked'
  return documentLine({
    id: `history ${run} ${at} ${i}`,
    spans: [agoSpan(at, now), span(historySentence(entry), isBad ? 'bad' : 'plain')],
    ...jumpToWorker(worker),
  })
}

function executionLine(execution: ExecutionInfo, run: string, now: number): DocumentLine {
  const { n, claimedAt, worker } = execution
  return documentLine({
    id: `execution ${run} ${n}`,
    spans: [agoSpan(claimedAt, now), span(executionSentence(execution), 'dim')],
    ...jumpToWorker(worker),
  })
}

function agoSpan(at: number, now: number): Span {
  const ago = `${clockTime(at, now).replace(' UTC', 'Z')} ${`${durationToken(now - at)} ago`.padStart(10)}`
  return span(`${ago}  `, 'dim')
}

function jumpToWorker(worker: string | undefined): Pick<DocumentLine, 'jumps'> {
  if (worker === undefined) return {}
  return { jumps: [{ label: `worker ${worker}`, target: { screen: 'workers', row: worker } }] }
}
