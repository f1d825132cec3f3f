import type { LinePlace } from '../store/limiters.ts'
import { clockTime } from './clock-time.ts'

/**
 * Returns the position of a run, or a step of it, on the waitlist of a limiter, as a sentence.
 * @param now This host's time, only to write times as people read them.
 */
export function waitlistSentence(place: LinePlace, now: number): string {
  const { limiter, key, path, ahead, used, max, opensInMs, closedMs, holders } = place
  const whose = path === '' ? 'It waits' : `Step '${path}' waits`
  const which = `limiter '${limiter}'${key === '' ? '' : ` of key '${key}'`}`
  const position = positionText(ahead)
  if (max === 0) {
    return `${whose} for ${which}, which no worker has registered yet (a step's limiter: when the step first runs); ${position}.`
  }
  if (closedMs !== undefined) {
    return `${whose} for ${which}: a provider requested a pause until ${clockTime(now + closedMs, now)}; ${position}.`
  }
  const opens = opensInMs === undefined || opensInMs === 0 ? '' : ` until ${clockTime(now + opensInMs, now)}`
  const held =
    holders.length === 0 ? '' : `, held by run${holders.length === 1 ? '' : 's'} ${holders.join(', ')}`
  return `${whose} for ${which}: ${used} of ${max} in use${held}${opens}; ${position}.`
}

function positionText(ahead: number): string {
  if (ahead === 0) return 'it is first on the waitlist'
  return ahead === 1 ? '1 run is ahead of it' : `${ahead} runs are ahead of it`
}
