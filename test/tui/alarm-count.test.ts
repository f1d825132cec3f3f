import { expect, test } from 'vitest'
import { maxFindingsPerKind } from '../../runtime/attention/find-findings.ts'
import type { Finding, Severity } from '../../runtime/attention/finding.ts'
import { alarmCount } from '../../tui/fleet/alarm-count.ts'

function findings(n: number, severity: Severity = 'critical', from = 0): readonly Finding[] {
  return Array.from({ length: n }, (_, i) => ({
    ...{ id: `missed-tick:s${from + i}`, kind: 'missed-tick', severity, since: 0 },
    ...{ sentence: 'overdue', next: 'durable-jobs doctor' },
  }))
}

const isCritical = ({ severity }: Finding): boolean => severity === 'critical'
const max = maxFindingsPerKind

test.each([
  ['below the cap', findings(max - 1), [], max - 1],
  ['at the cap', findings(max), [], `${max}+`],
  ['at the cap with muted ones', findings(max - 2), findings(2, 'critical', max - 2), `${max - 2}+`],
  ['if the cap omitted only less severe ones', [...findings(3), ...findings(max - 3, 'notice', 3)], [], 3],
])('alarms %s', (_, raised, muted, count) => {
  expect(alarmCount({ findings: raised, muted }, isCritical)).toBe(count)
})
