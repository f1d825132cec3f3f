import { valueForJson } from '../../../runtime/cli/run-json.ts'
import { errorCopy } from '../../kit/error-document.ts'
import { toggleFold } from '../../kit/folds.ts'
import { valueCopy, valuePage } from '../../kit/value-document.ts'
import type { Copy, Screen, ScreenInput } from '../screen.ts'
import { lastErrorOf, resultOf, stepLines } from './rows.ts'
import { loadStep, type StepData } from './step-data.ts'
import { StepView } from './view.tsx'

/** One step of a run: its result, its tries, their errors. */
export const step: Screen<StepData> = {
  name: 'step',
  title: 'Step',
  panes: ['lines'],
  read: {
    everyMs: 1_000,
    keyOf: ({ subject = '' }) => subject,
    load: ({ inspector }, request, before) => loadStep(inspector, request, before),
    isPartial: ({ isPartial }) => isPartial,
  },
  rows: (input) => stepLines(input),
  height: ({ size }) => size.rows - 1,
  toggles: {
    fold: toggleFold,
    differences: (own) => ({ ...own, differences: own.differences !== true }),
  },
  copies,
  page,
  json: ({ data }) => ({
    run: data?.run?.id,
    path: data?.path,
    entries: data?.entries.map((entry) =>
      entry.phase === 'done' ? { ...entry, value: valueForJson(entry.value, 'result') } : entry,
    ),
  }),
  View: StepView,
}

function copies({ data, look }: ScreenInput<StepData>): readonly Copy[] {
  if (data?.run === undefined) return []
  const value = resultOf(data)
  const error = lastErrorOf(data)
  return [
    { key: 'r', what: 'the id of the run', text: data.run.id },
    ...(value === undefined
      ? []
      : [{ key: 'v', what: 'what it returned', text: valueCopy(value, 'result') }]),
    ...(error === undefined ? [] : [{ key: 'e', what: 'its last error', text: errorCopy(error, look) }]),
  ]
}

/** What it returned, or else the errors of its tries. */
function page({
  data,
  look,
}: ScreenInput<StepData>): { readonly name: string; readonly text: string } | undefined {
  if (data?.run === undefined) return undefined
  const name = `step '${data.path}' of run ${data.run.id}`
  const value = resultOf(data)
  if (value !== undefined) return { name, text: valuePage(value, 'result') }
  const errors = data.entries.flatMap((entry) => ('error' in entry ? [errorCopy(entry.error, look)] : []))
  return errors.length === 0 ? undefined : { name, text: errors.join('\n') }
}
