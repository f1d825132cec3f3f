import type { LinePlace } from '../store/limiters.ts'

/**
 * Where a run or a step of it stands in the line of a limiter, as one sentence.
 * @param now This host's time, only to write times as people read them.
 */
export function lineSentence(place: LinePlace, now: number): string {
  const { limiter, key, path, ahead, used, max, opensInMs, closedMs, holders } = place
  const whose = path === '' ? 'It waits' : `Step '${path}' waits`
  const which = `limiter '${limiter}'${key === '' ? '' : ` of key '${key}'`}`
  const line = lineText(ahead)
  if (max === 0) {
    return `${whose} for ${which}, which no worker has made known yet (a step's limiter: when the step first runs); ${line}.`
  }
  if (closedMs !== undefined) {
    return `${whose} for ${which}: a provider asked for a pause until ${clockTime(now + closedMs, now)}; ${line}.`
  }
  const opens = opensInMs === undefined || opensInMs === 0 ? '' : ` until ${clockTime(now + opensInMs, now)}`
  const held =
    holders.length === 0 ? '' : `, held by run${holders.length === 1 ? '' : 's'} ${holders.join(', ')}`
  return `${whose} for ${which}: ${used} of ${max} in use${held}${opens}; ${line}.`
}

function lineText(ahead: number): string {
  if (ahead === 0) return 'it is the first in line'
  return ahead === 1 ? '1 stands before it' : `${ahead} stand before it`
}

/** UTC; the day only where it is another one. */
export function clockTime(at: number, now: number): string {
  const [day, rest = ''] = new Date(at).toISOString().split('T')
  const today = new Date(now).toISOString().startsWith(`${day}T`)
  return `${today ? '' : `${day} `}${rest.slice(0, 8)} UTC`
}
