import { expect, test } from 'vitest'
import { inputOf } from '../../tui/app/shown.ts'
import { checkRows, type DoctorData, verdictText } from '../../tui/screens/doctor/rows.ts'
import type { ScreenInput } from '../../tui/screens/screen.ts'
import { pressed, screenInput, stateOf, typed } from './support/given.ts'

const data: DoctorData = {
  checks: [
    { name: 'format', verdict: 'fine', found: 'version 6' },
    { name: 'memory', verdict: 'warning', found: 'no limit', remedy: 'set maxmemory' },
    { name: 'persistence', verdict: 'fault', found: 'off' },
  ],
  isQuick: false,
  ...{ address: 'redis://host', version: '1.2.3' },
}

test('the most severe checks come first', () => {
  const rows = checkRows(screenInput({ target: { screen: 'doctor' }, data }))
  expect(rows.map(({ id }) => id)).toEqual(['persistence', 'memory', 'format'])
})

test.each([
  ['MAXM', []],
  ['no Limit', ['memory']],
  ['limit warning', ['memory']],
  ['!fine', ['persistence', 'memory']],
])('the filter %j shows %j, by name, verdict and finding', (filter, wanted) => {
  const typing = typed(pressed(stateOf({ target: { screen: 'doctor' }, data }), '/'), filter)
  expect(checkRows(inputOf(typing) as ScreenInput<DoctorData>).map(({ id }) => id)).toEqual(wanted)
})

test('the verdict counts faults and warnings, and reports an unfinished check', () => {
  expect(verdictText(data)).toBe('1 fault, 1 warning')
  expect(verdictText({ ...data, checks: data.checks.slice(0, 1) })).toBe('no problem found')
  expect(verdictText({ ...data, checks: [], isQuick: true })).toBe('no problem found so far, still checking')
})
