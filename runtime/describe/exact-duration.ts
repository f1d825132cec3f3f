import { unitMs } from '../model/duration.ts'

const units = Object.entries(unitMs).toReversed()

/** Returns a duration as options take it, in the largest unit that says it exactly: `90m`, `1500ms`. */
export function exactDuration(ms: number): string {
  const [unit, sizeMs] = units.find(([, size]) => ms > 0 && ms % size === 0) ?? ['ms', 1]
  return `${ms / sizeMs}${unit}`
}
