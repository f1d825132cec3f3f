import { describe, expect, test } from 'vitest'
import { completeFilter } from '../../../tui/text/complete-filter.ts'
import { filterKeys } from '../../../tui/text/filter-keys.ts'

const known = { jobs: ['import', 'mails', 'reimport'], tags: ['eu', 'two words'] }

/** The text with `|` where the cursor is, and the result of each candidate. */
function completed(marked: string): string[] {
  const cursor = marked.indexOf('|')
  const text = marked.replace('|', '')
  const { start, end, candidates } = completeFilter(text, cursor, known)
  return candidates.map(({ insert }) => text.slice(0, start) + insert + text.slice(end))
}

describe('at the cursor', () => {
  test.each([
    ['st|', ['state:']],
    ['job:a q|', ['job:a queue:']],
    ['ag|', ['age>', 'age<']],
    ['s| job:a', ['state: job:a', 'since: job:a']],
    ['!jo|', ['!job:']],
    ['!ag|', []],
    ['jo|b:im', ['job:im']],
    ['state:fa|', ['state:failed']],
    ['state:failed,ex|', ['state:failed,expired']],
    ['state:ru|,failed', ['state:running,failed']],
    ['state:failed,fa|', []],
    ['job:im|', ['job:import', 'job:reimport']],
    ['job:import|', ['job:import', 'job:reimport']],
    ['tag:two|', ['tag:"two words"']],
    ['tag:"two w|', ['tag:"two words"']],
    ['order:|', ['order:newest', 'order:oldest', 'order:longest']],
    ['age>|', ['age>5m', 'age>1h', 'age>1d']],
    ['err:x|', []],
    ['!li|', []],
  ])('%s', (marked, expected) => {
    expect(completed(marked)).toEqual(expected)
  })

  test('without text every key is offered with a hint', () => {
    const { candidates } = completeFilter('', 0, known)
    expect(candidates).toHaveLength(filterKeys.length + 1)
    expect(candidates.every(({ hint }) => hint !== undefined && hint !== '')).toBe(true)
  })
})
