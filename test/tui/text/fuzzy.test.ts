import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzyMatch, fuzzySort } from '../../../tui/text/fuzzy.ts'

const actions = [
  'retry the run',
  'retry from a step…',
  'cancel the run',
  'pause queue',
  'resume queue',
  'drain worker',
  'go to Runs',
  'go to Queues',
  'freeze the view',
  'reset limiter',
]
const best = (typed: string): string[] => fuzzySort(typed, actions, (text) => text).map(({ item }) => item)

/** The text with what matched in brackets. */
function marked(typed: string, text: string): string | undefined {
  const match = fuzzyMatch(typed, text)
  return match && [...text].map((sign, i) => (match.positions.includes(i) ? `[${sign}]` : sign)).join('')
}

describe('the best match', () => {
  test.each([
    ['rfs', 'retry from a step…'],
    ['ret st', 'retry from a step…'],
    ['retry', 'retry the run'],
    ['pq', 'pause queue'],
    ['queue', 'pause queue'],
    ['GTQ', 'go to Queues'],
    ['drw', 'drain worker'],
    ['lim', 'reset limiter'],
    ['free', 'freeze the view'],
  ])('of %s is %s', (typed, first) => {
    expect(best(typed)[0]).toBe(first)
  })

  test('is none where a character is missing', () => {
    expect(best('xyz')).toEqual([])
    expect(fuzzyMatch('ab', 'ba')).toBeUndefined()
  })

  test('of nothing typed is every item in its order', () => {
    expect(best(' ')).toEqual(actions)
  })
})

describe('what is shown bold', () => {
  test('begins words rather than lying inside them', () => {
    expect(marked('rs', 'resume runs')).toBe('[r]e[s]ume runs')
    expect(marked('rr', 'mirror runs')).toBe('mi[r][r]or runs')
    expect(marked('mr', 'mirror runs')).toBe('[m]irror [r]uns')
    expect(marked('is', 'importStock')).toBe('[i]mport[S]tock')
  })

  test('holds in texts whose lower case is longer', () => {
    expect(marked('b', 'İİ b')).toBe('İİ [b]')
  })
})

test('characters of the text in their order always match, and are what is marked', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.infiniteStream(fc.boolean()),
      (text, picks) => {
        const typed = [...text].filter(() => picks.next().value === true).join('')
        const match = fuzzyMatch(typed, text)
        const found = match?.positions.map((at) => text.charAt(at).toLowerCase()).join('')
        expect(found).toBe(typed.replace(/\s+/g, '').toLowerCase())
        expect(match?.positions).toEqual(match?.positions.toSorted((a, b) => a - b))
      },
    ),
  )
})
