/** A stretch of time and the columns that show it. */
export interface Stretch {
  readonly from: number
  readonly to: number
  /** Columns, with fractions; `x1` is the begin of the next stretch. */
  readonly x0: number
  readonly x1: number
  /** Drawn shorter than its length. */
  readonly shrunk: boolean
}

/** Maps the time of a chart to its columns. */
export interface TimeScale {
  readonly width: number
  readonly stretches: readonly Stretch[]
}

export interface Interval {
  readonly from: number
  readonly to: number
}

/** The width of a shrunk stretch: room for its length and a mark at both ends. */
const shrunkWidth = 7
/** A wait is shrunk where it would be this much longer than a shrunk one. */
const worthIt = 2
/** Shrunk stretches take at most this part of the width. */
const maxShrunkShare = 0.6

/** Every moment has the same width. */
export function clockScale({ from, to }: Interval, width: number): TimeScale {
  return { width, stretches: [{ from, to: Math.max(to, from + 1), x0: 0, x1: width, shrunk: false }] }
}

/** Long stretches without activity in `busy` are shrunk to the same small width, so that the rest has room. */
export function compressedScale(whole: Interval, width: number, busy: readonly Interval[]): TimeScale {
  const parts = split(whole, busy)
  const shrunk = chooseShrunk(parts, width)
  if (shrunk.size === 0 || shrunk.size === parts.length) return clockScale(whole, width)
  const rest = width - shrunk.size * shrunkWidth
  const restMs = sum(parts.filter((part) => !shrunk.has(part)))
  const stretches: Stretch[] = []
  let x0 = 0
  for (const part of parts) {
    const isShrunk = shrunk.has(part)
    const x1 = x0 + (isShrunk ? shrunkWidth : ((part.to - part.from) / restMs) * rest)
    stretches.push({ from: part.from, to: part.to, x0, x1, shrunk: isShrunk })
    x0 = x1
  }
  return { width, stretches: mergeEven(stretches) }
}

interface Part extends Interval {
  readonly busy: boolean
}

/** The whole time in parts that are busy or not, in order. */
function split({ from, to }: Interval, busy: readonly Interval[]): Part[] {
  const parts: Part[] = []
  let at = from
  for (const interval of busy.toSorted((a, b) => a.from - b.from)) {
    const begin = Math.min(to, Math.max(at, interval.from))
    const end = Math.min(to, Math.max(begin, interval.to))
    if (begin > at) parts.push({ from: at, to: begin, busy: false })
    if (end > begin) parts.push({ from: begin, to: end, busy: true })
    at = Math.max(at, end)
  }
  if (to > at) parts.push({ from: at, to, busy: false })
  return parts
}

/** Shrinking one gives the others more room, so that further ones become long. */
function chooseShrunk(parts: readonly Part[], width: number): Set<Part> {
  const idle = parts.filter(({ busy }) => !busy).sort((a, b) => b.to - b.from - (a.to - a.from))
  const most = Math.floor((width * maxShrunkShare) / shrunkWidth)
  const shrunk = new Set<Part>()
  let restMs = sum(parts)
  for (const part of idle.slice(0, most)) {
    const length = part.to - part.from
    const columns = (length / restMs) * (width - shrunk.size * shrunkWidth)
    if (columns <= shrunkWidth * worthIt) break
    shrunk.add(part)
    restMs -= length
  }
  return shrunk
}

function sum(parts: readonly Interval[]): number {
  return parts.reduce((total, { from, to }) => total + to - from, 0)
}

/** Neighbours that are not shrunk have one and the same scale. */
function mergeEven(stretches: readonly Stretch[]): Stretch[] {
  const merged: Stretch[] = []
  for (const stretch of stretches) {
    const last = merged.at(-1)
    if (last === undefined || last.shrunk || stretch.shrunk) merged.push(stretch)
    else merged[merged.length - 1] = { ...last, to: stretch.to, x1: stretch.x1 }
  }
  return merged
}

/** Returns where a moment is, in columns with fractions. */
export function columnAt({ width, stretches }: TimeScale, at: number): number {
  const stretch = stretches.find(({ to }) => at <= to) ?? stretches.at(-1)
  if (stretch === undefined) return 0
  const { from, to, x0, x1 } = stretch
  const share = to > from ? (at - from) / (to - from) : 0
  return Math.min(width, Math.max(0, x0 + Math.min(1, Math.max(0, share)) * (x1 - x0)))
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const steps = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7, 14, 30, 90, 365, 3_650].map((n) => n * day),
]

/** Returns round distances from the begin of a clock, at least `gap` columns apart. */
export function ticks({ from, to }: Interval, width: number, gap: number): number[] {
  const length = to - from
  const step = steps.find((ms) => (ms / length) * width >= gap) ?? length
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step)
}
