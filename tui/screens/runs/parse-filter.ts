import { type RunState, runStates } from '../../../runtime/model/run.ts'
import type { RunFilter, RunOrder } from '../../../runtime/store/run-filter.ts'

export interface ParsedFilter {
  readonly filter: RunFilter
  readonly order?: RunOrder
  readonly unknown: readonly { readonly message: string }[]
}

const fields = {
  job: 'job',
  queue: 'queue',
  tag: 'tag',
  unique: 'unique',
  worker: 'worker',
  fingerprint: 'fingerprint',
}

/** The filter of a list of runs: `state:failed,expired job:import err:timeout words`. */
export function parseFilter(text: string): ParsedFilter {
  const filter: { -readonly [Field in keyof RunFilter]: RunFilter[Field] } = {}
  const unknown: { message: string }[] = []
  const words: string[] = []
  for (const part of text.split(/\s+/).filter(Boolean)) {
    const [key = '', value] = split(part)
    if (value === undefined || value === '') words.push(part)
    else if (key === 'state') {
      const states = value.split(',')
      const strange = states.find((state) => !(runStates as readonly string[]).includes(state))
      if (strange === undefined) filter.states = states as RunState[]
      else unknown.push({ message: `'${strange}' is no state; there are ${runStates.join(', ')}` })
    } else if (key === 'err') words.push(value)
    else if (key in fields) filter[fields[key as keyof typeof fields] as 'job'] = value
    else unknown.push({ message: `'${key}:' is no part of a filter` })
  }
  if (words.length > 0) filter.text = words.join(' ')
  return { filter, unknown }
}

function split(part: string): readonly [string, string | undefined] {
  const at = part.indexOf(':')
  return at < 1 ? ['', undefined] : [part.slice(0, at), part.slice(at + 1)]
}
