import { formatDuration } from '../model/format-duration.ts'

/** Returns a length of time as tables show it, one word: `830ms`, `4.2s`, `3m25s`, `2h5m`, `3d4h`. */
export function durationToken(ms: number): string {
  return formatDuration(Math.max(0, ms)).replaceAll('min', 'm').replaceAll(' ', '')
}

/** Returns how long ago `at` was, for a table: `3m25s ago`. */
export function agoToken(at: number, now: number): string {
  return `${durationToken(now - at)} ago`
}
