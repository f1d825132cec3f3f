import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzySort } from '../../../tui/text/fuzzy.ts'

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
const sorted = (typed: string, texts: readonly string[]) => fuzzySort(typed, texts, (text) => text)
const best = (typed: string) => sorted(typed, actions)

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

  test('is none if a character is missing', () => {
    expect(best('xyz')).toEqual([])
    expect(sorted('ab', ['ba'])).toEqual([])
  })

  test('without text is every item in its order', () => {
    expect(best(' ')).toEqual(actions)
  })
})

describe('a better match', () => {
  test.each([
    ['rs', 'hours', 'resume runs'],
    ['mr', 'comrade', 'mirror runs'],
    ['is', 'mist', 'importStock'],
  ])('for %s starts words rather than lying inside them', (typed, inside, begins) => {
    expect(sorted(typed, [inside, begins])).toEqual([begins, inside])
  })

  test('is found in texts whose lower case is longer, too', () => {
    expect(sorted('b', ['İİxb c', 'aaxb'])).toEqual(['aaxb', 'İİxb c'])
  })
})

test('a subsequence of a text always matches', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.infiniteStream(fc.boolean()),
      (text, picks) => {
        const typed = [...text].filter(() => picks.next().value === true).join('')
        expect(sorted(typed, [text])).toEqual([text])
      },
    ),
  )
})
