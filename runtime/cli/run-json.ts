import { decodeValue } from '../model/codec.ts'
import type { Run } from '../model/run.ts'
import { messageOf } from '../model/thrown.ts'

/** Returns a stored value, or what is wrong with it: one damaged value must not hide the rest of a run. */
export type ReadValue = { readonly value: unknown } | { readonly unreadable: string }

export function readValue(bytes: Uint8Array, name: string): ReadValue {
  try {
    return { value: decodeValue(bytes, name) }
  } catch (error) {
    return { unreadable: messageOf(error) }
  }
}

/** Returns the value itself if it can be read; null for undefined, so that its field stays in the JSON. */
export function valueForJson(bytes: Uint8Array, name: string): unknown {
  const read = readValue(bytes, name)
  return 'value' in read ? (read.value ?? null) : read
}

/** A run with its stored bytes decoded. */
export function runForJson(run: Run & { readonly input?: Uint8Array }): object {
  return {
    ...run,
    ...(run.input === undefined ? {} : { input: valueForJson(run.input, 'input') }),
    ...(run.state === 'completed' ? { output: valueForJson(run.output, 'output') } : {}),
  }
}
