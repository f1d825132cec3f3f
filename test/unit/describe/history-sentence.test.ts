import { expect, test } from 'vitest'
import { historySentence } from '../../../runtime/describe/history-sentence.ts'
import type { HistoryEntry } from '../../../runtime/store/store.ts'

test.each<[Omit<HistoryEntry, 'at'>, string]>([
  [{ kind: 'lost', worker: 'w1', reason: 'its lease expired' }, 'lost its worker w1: its lease expired'],
  [{ kind: 'released', worker: 'w1' }, 'handed back by its worker w1'],
  [{ kind: 'cancel', by: 'ana', reason: 'storm' }, 'told to stop by ana: storm'],
  [{ kind: 'blocked', worker: 'w1', reason: 'no step a' }, 'blocked on w1: no step a'],
  [{ kind: 'repaired' }, 'repaired'],
])('%j', (entry, sentence) => {
  expect(historySentence({ at: 0, ...entry })).toBe(sentence)
})
