import { describe, expect, test } from 'vitest'
import { orphanSentences } from '../../../runtime/describe/orphaned-steps.ts'
import { maxOrphans } from '../../../runtime/model/journal.ts'
import type { Run } from '../../../runtime/model/run.ts'

/** A run whose journal holds `step1`, `step2` … at every position but 9. */
async function sentencesFor(orphans?: readonly number[]): Promise<string[]> {
  const journal = async (_id: string, { after }: { after: number }): Promise<unknown[]> => {
    const position = after + 1 === 9 ? 10 : after + 1
    return [{ position, path: `step${position}` }]
  }
  return orphanSentences({ id: 'run', orphans } as unknown as Run, { journalOutline: journal as never })
}

describe('stored steps that the code no longer calls', () => {
  test.each<[string, readonly number[] | undefined, readonly string[]]>([
    ['none', undefined, []],
    [
      'one',
      [2],
      [`1 stored step is no longer in the code, as of its last execution: 'step2'. It is kept but not used.`],
    ],
    [
      'the first three by name',
      [2, 3, 5, 7],
      [
        `4 stored steps are no longer in the code, as of its last execution: 'step2', 'step3', 'step5', …. They are kept but not used.`,
      ],
    ],
    ['those that a retry dropped are not named', [9], []],
  ])('%s', async (_case, orphans, sentences) => {
    expect(await sentencesFor(orphans)).toEqual(sentences)
  })

  test('may number more than a run reports', async () => {
    const [sentence] = await sentencesFor(Array.from({ length: maxOrphans }, (_, i) => i + 1))
    expect(sentence).toMatch(/^At least 200 stored steps are no longer in the code/)
  })
})
