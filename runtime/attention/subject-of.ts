import { escapedName } from '../model/step-path.ts'

/** A subject of several names. No two lists of names have the same. */
export function subjectOf(...names: readonly string[]): string {
  return names.map(escapedName).join('/')
}
