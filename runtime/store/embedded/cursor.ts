import { InvalidOptionsError } from '../../model/invalid-options-error.ts'

/** The number that a cursor stands for. @throws InvalidOptionsError when it is none of ours. */
export function parseCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor)
  throw new InvalidOptionsError(`cursor: '${cursor}' is none; pass on the cursor of the page before`)
}
