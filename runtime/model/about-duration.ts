import { unitMs } from './duration.ts'

const units = Object.entries(unitMs).toReversed()

/** An estimated length of time in one token, with at most two digits that count: `~830ms`, `~4.2s`, `~15m`. */
export function aboutDuration(ms: number): string {
  for (const [name, sizeMs] of units) {
    const count = Number((ms / sizeMs).toPrecision(2))
    if (count >= 1) return `~${count}${name}`
  }
  return '<1ms'
}
