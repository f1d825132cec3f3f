import { maxFindingsPerKind } from '../../runtime/attention/find-findings.ts'
import type { Finding } from '../../runtime/attention/finding.ts'
import type { FleetView } from './fleet-view.ts'

/** With a plus where there may be more: of each kind only the gravest so many are found. */
export type AlarmCount = number | `${number}+`

/** How many findings are alarms. */
export function alarmCount(
  { findings, muted }: Pick<FleetView, 'findings' | 'muted'>,
  isAlarm: (finding: Finding) => boolean,
): AlarmCount {
  const alarms = findings.filter(isAlarm)
  const kinds = new Set(alarms.map(({ kind }) => kind))
  const isCapped = [...kinds].some((kind) => {
    const found = [...findings, ...muted].filter((finding) => finding.kind === kind)
    return found.length >= maxFindingsPerKind && found.every(isAlarm)
  })
  return isCapped ? `${alarms.length}+` : alarms.length
}
