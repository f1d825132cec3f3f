import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { situation } from '../../../runtime/describe/situation.ts'
import { stateText, stateTone } from '../../kit/run-state.ts'
import { fitSpans, type Span, span } from '../../kit/span.ts'
import type { ScreenInput } from '../screen.ts'
import { type Fact, shortFacts, timeFacts } from './facts.ts'
import type { KnownRun, RunData } from './run-data.ts'

/** The lines above the waterfall: the run, its state and why. */
export function headLines(
  data: KnownRun,
  { now, look, size, fleet }: ScreenInput<RunData>,
): readonly (readonly Span[])[] {
  const { run, endedAs } = data
  const { overview } = fleet
  const snapshot = overview === undefined ? undefined : { queues: overview.queues, workers: overview.workers }
  const why = situation(run, now, snapshot)
  const since =
    'endedAt' in run ? `${durationToken(now - run.endedAt)} ago` : `for ${durationToken(now - run.changedAt)}`
  const state = [
    span(' '),
    span(stateText(run, look), stateTone(run)),
    span(` ${since}`),
    ...(endedAs === undefined
      ? []
      : [span(`  it ${endedText[endedAs] ?? 'ended'} while you looked`, 'title')]),
    span(why === '' ? '' : `  ${why}`, run.state === 'failed' ? 'bad' : 'plain'),
  ]
  const lines = [state, factSpans(shortFacts(run)), factSpans(timeFacts(run, now))]
  return lines.map((spans) => fitSpans(spans, size.columns))
}

const endedText: Readonly<Record<string, string>> = {
  completed: 'completed',
  failed: 'failed',
  cancelled: 'was cancelled',
  expired: 'expired',
}

function factSpans(facts: readonly Fact[]): readonly Span[] {
  return facts.flatMap(([name, value]) => [span(` ${name} `, 'dim'), span(`${value} `)])
}
