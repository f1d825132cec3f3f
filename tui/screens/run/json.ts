import { runForJson } from '../../../runtime/cli/run-json.ts'
import type { ScreenInput } from '../screen.ts'
import type { RunData } from './run-data.ts'
import { modelOf } from './step-rows.ts'

/** What `--once --json` prints of a run: as `show --json`, with why it is where it is. */
export function runJson({ data, fleet }: ScreenInput<RunData>): unknown {
  if (data?.kind !== 'known') return { run: null, sentences: data?.sentences ?? [] }
  const { run, history, executions, sentences, next, failure, places } = data
  const steps = modelOf(data, fleet.aheadMs).rows.filter(({ kind }) => kind === 'step')
  return {
    run: runForJson(run),
    ...{ sentences, next, places, history, executions },
    ...(failure === undefined ? {} : { failure }),
    steps: steps.map(({ path, stepKind, end, tries, tookMs, spans, atMostOnce, orphan }) => ({
      ...{ path, kind: stepKind, end, tries, tookMs, atMostOnce, orphan, spans },
    })),
  }
}
