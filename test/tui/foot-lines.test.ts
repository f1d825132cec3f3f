import { expect, test } from 'vitest'
import { screenNames } from '../../tui/app/place.ts'
import { messageLine } from '../../tui/kit/foot-lines.ts'
import { spansText } from '../../tui/kit/span.ts'
import { screens } from '../../tui/screens/screens.ts'
import { deps, stateOf, typed } from './support/given.ts'

const filtered = screenNames.filter((name) => screens[name]?.filterHint !== undefined)

test.each(filtered)('the text typed into the filter of %s is visible, however long its hint is', (screen) => {
  const state = typed(stateOf({ target: { screen } }), '/mail')
  const line = spansText(messageLine(state, deps))
  expect(line).toMatch(/^\/mail_ /)
  expect(line.length).toBeLessThanOrEqual(80)
})

test('a typed command is visible beside its error', () => {
  const state = typed(stateOf(), ':nosuch')
  const problem = 'a problem that is longer than the line, '.repeat(3)
  const mode = { kind: 'command', field: { text: 'nosuch', caret: 6 }, problem } as const
  expect(spansText(messageLine({ ...state, mode }, deps))).toMatch(/^:nosuch_ +a problem/)
})
