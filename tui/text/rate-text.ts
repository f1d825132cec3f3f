import { aboutDuration } from '../../runtime/model/about-duration.ts'
import type { BacklogTrend } from '../../runtime/store/backlog-trend.ts'

const sizes = [
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
] as const

/** Returns a count in at most five characters: `940`, `18.4k`, `1.2M`. */
export function countToken(count: number): string {
  // What rounds up to the next size is written in it.
  const [sign, size] = sizes.find(([, of]) => Math.abs(count) >= of * 0.9995) ?? ['', 1]
  const value = count / size
  if (sign === '') return String(Math.round(value))
  return `${Math.abs(value) < 99.95 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(0)}${sign}`
}

/** Returns how often something happens: `18.4k/s`, `212/s`, `3.1/s`; what is rarer by the minute or the hour, `4/min`. */
export function rateToken(perSecond: number): string {
  const size = Math.abs(perSecond)
  if (size === 0) return '0/s'
  if (size >= 0.1) return `${decimalToken(perSecond)}/s`
  if (size * 60 >= 0.1) return `${decimalToken(perSecond * 60)}/min`
  return size * 3_600 >= 0.1 ? `${decimalToken(perSecond * 3_600)}/h` : `${perSecond < 0 ? '>-' : '<'}0.1/h`
}

function decimalToken(value: number): string {
  return Math.abs(value) < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : countToken(value)
}

/** Returns the trend of a backlog: `drains in ~4m`, `grows 41/s`, `steady`; '' while unknown. */
export function drainText(trend: BacklogTrend | undefined): string {
  if (trend === undefined) return ''
  const { perMinute, drainsInMs } = trend
  if (drainsInMs !== undefined) return `drains in ${aboutDuration(drainsInMs)}`
  return perMinute > 0 ? `grows ${rateToken(perMinute / 60)}` : 'steady'
}
