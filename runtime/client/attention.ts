import { findAttention } from '../attention/find-attention.ts'
import { type Finding, type Severity, severities } from '../attention/finding.ts'
import { SnapshotReader } from '../attention/snapshot-reader.ts'
import type { Clock } from '../model/clock.ts'
import { type Duration, parseDuration } from '../model/duration.ts'
import type { ExpectedMute } from '../model/expecting-write.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import type { Store } from '../store/store.ts'
import { type ByHandOn, expectingWrite } from './by-hand.ts'

export interface AttentionOptions {
  /** Only findings of this severity and more severe ones. Default: all. */
  severity?: Severity
  /** Whether to include findings that an operator has muted. Default: false. */
  muted?: boolean
}

export interface MuteOptions extends ByHandOn<ExpectedMute> {
  /** How long, at most 30 days. */
  for: Duration
}

/** @throws StoreUnavailableError, InvalidOptionsError */
export async function attention(
  store: Store,
  clock: Clock,
  options: AttentionOptions,
): Promise<readonly Finding[]> {
  checkKnownOptions(options, ['severity', 'muted'], 'attention')
  const { severity = 'notice', muted = false } = options
  const least = severities.indexOf(severity)
  if (least < 0) {
    throw new InvalidOptionsError(
      `attention: '${severity}' is not a severity; use one of ${severities.join(', ')}`,
    )
  }
  const reader = new SnapshotReader(store, clock)
  const findings = await findAttention(() => reader.read(), clock)
  return findings.filter(
    (finding) => severities.indexOf(finding.severity) <= least && (muted || finding.muted === undefined),
  )
}

/** @throws InvalidOptionsError */
export async function muteFinding(store: Store, finding: string, options: MuteOptions): Promise<Date> {
  checkKnownOptions(options, ['for', 'by', 'reason', 'requestId', 'expected'], 'muteFinding')
  const { for: duration, ...write } = options
  const ms = Math.round(parseDuration(duration, 'muteFinding: for'))
  const { until } = await store.muteFinding(finding, ms, expectingWrite(write, ['until']))
  return new Date(until)
}
