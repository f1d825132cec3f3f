import { escapedName } from '../model/step-path.ts'

/** Joins several names into one subject. Different lists of names have different subjects. */
export function subjectOf(...names: readonly string[]): string {
  return names.map(escapedName).join('/')
}
