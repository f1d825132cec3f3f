import { describe, expect, test } from 'vitest'
import {
  endStates,
  isEnd,
  nextState,
  type RunState,
  type RunTransition,
  runStates,
  runTransitions,
} from '../../../runtime/model/run.ts'

/** The whole table once more, written out: every transition that is not here must be refused. */
const moves: readonly (readonly [RunState, RunTransition, RunState])[] = [
  ['scheduled', 'promote', 'ready'],
  ['scheduled', 'cancel', 'cancelled'],
  ['scheduled', 'expire', 'expired'],
  ['ready', 'claim', 'running'],
  ['ready', 'line up', 'waiting'],
  ['ready', 'cancel', 'cancelled'],
  ['ready', 'expire', 'expired'],
  ['running', 'complete', 'completed'],
  ['running', 'fail', 'failed'],
  ['running', 'back off', 'waiting'],
  ['running', 'suspend', 'waiting'],
  ['running', 'release', 'ready'],
  ['running', 'lose', 'ready'],
  ['running', 'lose with delay', 'waiting'],
  ['running', 'convict', 'failed'],
  ['running', 'block', 'blocked'],
  ['running', 'order cancel', 'cancelling'],
  ['waiting', 'wake', 'ready'],
  ['waiting', 'cancel', 'cancelled'],
  ['waiting', 'expire', 'expired'],
  ['blocked', 'unblock', 'ready'],
  ['blocked', 'cancel', 'cancelled'],
  ['cancelling', 'complete', 'completed'],
  ['cancelling', 'fail', 'failed'],
  ['cancelling', 'end cancel', 'cancelled'],
  ['failed', 'retry', 'ready'],
  ['cancelled', 'retry', 'ready'],
  ['expired', 'retry', 'ready'],
]
const allTransitions = [...new Set(moves.map(([, transition]) => transition))]
const everyPair = runStates.flatMap((state) =>
  allTransitions.map((transition) => [state, transition] as const),
)

function listed(state: RunState, transition: RunTransition): RunState | undefined {
  return moves.find((move) => move[0] === state && move[1] === transition)?.[2]
}

describe('the table of run states', () => {
  test('has only the listed transitions', () => {
    const known = Object.values(runTransitions).flatMap((row) => Object.keys(row))
    expect(new Set(known)).toEqual(new Set(allTransitions))
  })

  test.each(everyPair)("'%s' handles '%s' as listed, or not at all", (state, transition) => {
    expect(nextState(state, transition)).toBe(listed(state, transition))
  })

  test.each(endStates)("the end state '%s' can only be left by a retry", (state) => {
    const ways = Object.keys(runTransitions[state])
    expect(ways).toEqual(state === 'completed' ? [] : ['retry'])
  })

  test.each(runStates)("'%s' can reach an end", (state) => {
    const reached = new Set<RunState>([state])
    for (const from of reached) {
      for (const transition of allTransitions) {
        const to = nextState(from, transition)
        if (to !== undefined) reached.add(to)
      }
    }
    expect([...reached].some(isEnd)).toBe(true)
  })

  test('isEnd is true for the end states only', () => {
    expect(runStates.filter(isEnd)).toEqual([...endStates])
  })
})
