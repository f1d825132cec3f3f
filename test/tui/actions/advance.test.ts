import { expect, test } from 'vitest'
import { advance } from '../../../tui/actions/advance.ts'
import type { ActingStage, Asked } from '../../../tui/actions/stage.ts'

const asked = {} as Asked
const acting = { kind: 'acting', plan: {}, choice: {}, part: 'whole' } as unknown as ActingStage
const refused = { kind: 'failed', failure: { kind: 'refused', text: 'the store is full' } } as const

test('an action that the store refuses from the start did nothing', () => {
  expect(advance(asked, acting, refused)).toEqual({
    stage: { kind: 'impossible', reason: 'the store is full' },
    logged: { outcome: 'refused', text: 'the store is full' },
  })
})

test('an action refused halfway is partly done, and can be continued', () => {
  const halfway = { ...acting, progress: { info: {}, elapsedMs: 1, from: 0 } } as unknown as ActingStage
  expect(advance(asked, halfway, refused)).toEqual({
    stage: { kind: 'broken', acting: halfway, problem: 'the store is full', outcome: 'refused' },
    logged: { outcome: 'partly', text: 'the store is full' },
  })
})
