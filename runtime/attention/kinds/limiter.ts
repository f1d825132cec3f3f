import { byInSentence } from '../../describe/manual-action.ts'
import { formatDuration } from '../../model/format-duration.ts'
import type { LimiterKeyInfo } from '../../store/limiters.ts'
import type { BusyLimiter } from '../../store/overview.ts'
import { atLeast, type FindingKind, type Sighting, type Since, unknownBefore } from '../finding-kind.ts'
import { command } from '../texts.ts'

/**
 * Limiters that delay runs. Most work as intended, so a full one is a notice; one whose numbers an operator set, or
 * that a provider closed, is a warning.
 */
export const limiter: FindingKind = {
  kind: 'limiter',
  find: ({ overview: { now, limiters }, limiterKeys }) =>
    limiters.flatMap((info) => {
      if (info.waiting === 0) return []
      const keys = limiterKeys.filter((key) => key.limiter === info.name && key.waiting > 0)
      const why = closedText(info, keys) ?? fullText(info, keys)
      return why === undefined ? [] : [sighting(info, why, keys, now)]
    }),
}

type Reason = Pick<Sighting, 'severity'> & { readonly text: string }

function sighting(
  { name, waiting }: BusyLimiter,
  { severity, text }: Reason,
  keys: readonly LimiterKeyInfo[],
  now: number,
): Sighting {
  const [first] = keys.flatMap((key) => key.first ?? [])
  const waiters = waiting === 1 ? '1 run or step waits' : `${waiting} runs or steps wait`
  return {
    subject: name,
    severity,
    since: begin(keys, now),
    sentence: `Limiter '${name}' ${text}; ${waiters} for it.`,
    // It names the runs that hold the limiter.
    next: first === undefined ? command('limits', name) : command('explain', first.run),
    filter: { limiter: name },
    related: { limiter: [name], version: 'any', worker: 'any', action: 'any' },
  }
}

/** Runs have waited since then; before that, others may have. */
function begin(keys: readonly LimiterKeyInfo[], now: number): Since {
  const waits = keys.flatMap(({ first }) => first?.waitingSince ?? [])
  return waits.length === 0 ? unknownBefore(now) : atLeast(Math.min(...waits))
}

function closedText({ closedMs }: BusyLimiter, keys: readonly LimiterKeyInfo[]): Reason | undefined {
  const closed = keys.find((key) => key.closedMs !== undefined)
  const leftMs = closed?.closedMs ?? closedMs
  if (leftMs === undefined) return undefined
  const text = `is closed${ofKey(closed)} for another ${formatDuration(leftMs)}, as a provider requested`
  return { severity: 'warning', text }
}

function fullText({ byHand }: BusyLimiter, keys: readonly LimiterKeyInfo[]): Reason | undefined {
  const full = keys.find(({ used, max }) => used >= max)
  if (full === undefined) return undefined
  const use = `is full${ofKey(full)}, ${full.used} of ${full.max} in use`
  if (byHand === undefined) return { severity: 'notice', text: use }
  return { severity: 'warning', text: `${use}, as set by ${byInSentence(byHand)}` }
}

function ofKey(key: LimiterKeyInfo | undefined): string {
  return key === undefined || key.key === '' ? '' : ` for key '${key.key}'`
}
