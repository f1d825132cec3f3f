import { formatDuration } from '../model/format-duration.ts'

/** Returns a time as people read it, in UTC; with the day only if it differs from `now`'s. */
export function clockTime(at: number, now: number): string {
  const [day, rest = ''] = new Date(at).toISOString().split('T')
  const today = new Date(now).toISOString().startsWith(`${day}T`)
  return `${today ? '' : `${day} `}${rest.slice(0, 8)} UTC`
}

/** Returns how far away a time is: `in 3 min 25 s`, or `now` once it has come. */
export function untilText(at: number, now: number): string {
  const ms = at - now
  return ms > 0 ? `in ${formatDuration(ms)}` : 'now'
}

/** Returns a time and how far it is from now: `in 3 min 25 s, at 12:04:07 UTC`. */
export function instantText(at: number, now: number): string {
  const distance = formatDuration(Math.abs(at - now))
  return at > now ? `in ${distance}, at ${clockTime(at, now)}` : `${distance} ago, at ${clockTime(at, now)}`
}
