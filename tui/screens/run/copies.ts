import { documentText } from '../../kit/document.ts'
import { errorCopy } from '../../kit/error-document.ts'
import { valueCopy, valuePage } from '../../kit/value-document.ts'
import type { Copy, ScreenInput } from '../screen.ts'
import { tabLines } from './detail-rows.ts'
import type { KnownRun, RunData } from './run-data.ts'
import { shownTab } from './tabs.ts'

/** What can be copied of a run beside the id of the row. */
export function runCopies({ data, place, look }: ScreenInput<RunData>): readonly Copy[] {
  if (data?.kind !== 'known') return []
  const { run, sentences } = data
  const error = errorOf(data)
  return [
    ...(place.pane === 'detail' ? [] : [{ key: 'r', what: 'the id of the run', text: run.id }]),
    ...(error === undefined ? [] : [{ key: 'e', what: 'the error', text: errorCopy(error, look) }]),
    { key: 'i', what: 'the input', text: valueCopy(run.input, 'input') },
    ...(run.state === 'completed'
      ? [{ key: 'u', what: 'the output', text: valueCopy(run.output, 'output') }]
      : []),
    { key: 'w', what: 'why it is where it is', text: sentences.join('\n') },
  ]
}

function errorOf({ run }: KnownRun): Extract<KnownRun['run'], { state: 'failed' }>['error'] | undefined {
  return 'error' in run ? run.error : undefined
}

/** What the pager shows: all of the tab, unfolded. */
export function runPage(
  input: ScreenInput<RunData>,
): { readonly name: string; readonly text: string } | undefined {
  const { data, place, look, size } = input
  if (data?.kind !== 'known') return undefined
  const { run } = data
  const tab = shownTab(place, data)
  const name = `${tab} of run ${run.id}`
  const error = errorOf(data)
  if (tab === 'input') return { name, text: valuePage(run.input, 'input') }
  if (tab === 'output' && run.state === 'completed') return { name, text: valuePage(run.output, 'output') }
  if (tab === 'error' && error !== undefined) return { name, text: errorCopy(error, look) }
  const wide = { ...input, size: { ...size, columns: Number.POSITIVE_INFINITY } }
  return { name, text: documentText(tabLines(wide, tab)) }
}
