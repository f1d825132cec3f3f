import { InvalidOptionsError } from './invalid-options-error.ts'

/**
 * A step's identity in its run: `scope/name[key]#k`. Names and keys are escaped, so that two different
 * steps never share a path.
 */
export type StepPath = string

/** The stored step that calls a job's `onFailed`. No author's name can make it: `$` is escaped. */
export const onFailedPath: StepPath = '$onFailed'

const maxPathBytes = 512
const reserved = /[%/#[\]$]/g

/** `name` or `name[key]`, escaped. @throws InvalidOptionsError for an empty or non-string name. */
export function stepSegment(name: unknown, key?: unknown): string {
  if (typeof name !== 'string' || name === '') {
    throw new InvalidOptionsError(`a step's name must be a non-empty string, not '${String(name)}'`)
  }
  refuseCutText(name, 'name')
  if (key === undefined) return escapedName(name)
  if (typeof key !== 'string' && typeof key !== 'number') {
    throw new InvalidOptionsError(`step '${name}': its key must be a string or a number, not ${typeof key}`)
  }
  refuseCutText(String(key), 'key')
  return `${escapedName(name)}[${escapedName(String(key))}]`
}

/** A store would keep such text as different text, and the step would not be found again. */
function refuseCutText(text: string, what: string): void {
  if (text.isWellFormed()) return
  throw new InvalidOptionsError(
    `a step's ${what} is cut inside a character: '${text}'; cut it by code points`,
  )
}

/** The path of the `repeat`-th sequential use of `segment` below `scope`. @throws InvalidOptionsError when too long. */
export function stepPath(scope: StepPath, segment: string, repeat: number): StepPath {
  const own = repeat === 1 ? segment : `${segment}#${repeat}`
  const path = scope === '' ? own : `${scope}/${own}`
  if (path.length > maxPathBytes / 3 && Buffer.byteLength(path) > maxPathBytes) {
    throw new InvalidOptionsError(
      `the step path '${path.slice(0, 60)}…' is longer than ${maxPathBytes} bytes; shorten its name or key`,
    )
  }
  return path
}

/** Returns a path without keys and counters: what all uses of a step in the code share. */
export function stepName(path: StepPath): string {
  return path.replace(/\[[^\]]*\]|#\d+/g, '')
}

/** A name as a part of a path. */
export function escapedName(text: string): string {
  return text.replace(reserved, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
