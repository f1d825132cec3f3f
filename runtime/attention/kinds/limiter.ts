import { formatDuration } from '../../model/format-duration.ts'
import type { LimiterInfo, LimiterKeyInfo } from '../../store/limiters.ts'
import { atLeast, type FindingKind, type Sighting } from '../finding-kind.ts'
import { byAndWhy, command } from '../texts.ts'

/**
 * Limiters that hold runs up. Most do what they are for, so a full one is a notice; one whose numbers an operator set, or
 * that a provider closed, is a warning.
 */
export const limiter: FindingKind = {
  kind: 'limiter',
  find: ({ overview: { now, limiters }, limiterKeys }) =>
    limiters.flatMap((info) => {
      if (info.waiting === 0) return []
      const keys = limiterKeys.filter(({ limiter, waiting }) => limiter === info.name && waiting > 0)
      const why = reasonOf(info, keys)
      return why === undefined ? [] : [sighting(info, why, now)]
    }),
}

function sighting(
  { name, waiting }: LimiterInfo,
  { severity, text }: Pick<Sighting, 'severity'> & { readonly text: string },
  now: number,
): Sighting {
  return {
    subject: name,
    severity,
    since: atLeast(now),
    sentence: `Limiter '${name}' ${text}; ${waiting === 1 ? '1 run or step waits' : `${waiting} runs or steps wait`} for it.`,
    next: command('limits', name),
    filter: { states: ['waiting'] },
    related: { limiter: [name], version: 'any', worker: 'any', action: 'any' },
  }
}

function reasonOf(
  { byHand }: LimiterInfo,
  keys: readonly LimiterKeyInfo[],
): (Pick<Sighting, 'severity'> & { readonly text: string }) | undefined {
  const closed = keys.find(({ closedMs }) => closedMs !== undefined)
  if (closed !== undefined) {
    const left = formatDuration(closed.closedMs ?? 0)
    return {
      severity: 'warning',
      text: `is closed${ofKey(closed)} for another ${left}, as a provider asked for`,
    }
  }
  const full = keys.find(({ used, max }) => used >= max)
  if (full === undefined) return undefined
  const use = `is full${ofKey(full)}, ${full.used} of ${full.max} in use`
  if (byHand === undefined) return { severity: 'notice', text: use }
  return { severity: 'warning', text: `${use}, as set by ${byAndWhy(byHand)}` }
}

function ofKey({ key }: LimiterKeyInfo): string {
  return key === '' ? '' : ` for key '${key}'`
}
