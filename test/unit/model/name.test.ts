import { describe, expect, test } from 'vitest'
import { operatorWrite } from '../../../runtime/client/by-hand.ts'
import { parseEnqueueOptions } from '../../../runtime/client/enqueue-options.ts'
import { defineJob } from '../../../runtime/model/define-job.ts'
import { isName } from '../../../runtime/model/name.ts'

describe('a name', () => {
  const [longest, tooLong] = ['é'.repeat(100), 'é'.repeat(101)]

  test('is text of 1 to 200 bytes without control characters', () => {
    for (const name of ['a', 'send mails', 'a/b#c', '日本', longest]) expect(isName(name)).toBe(true)
    for (const name of ['', tooLong, 'a\0b', 'a\nb', '\ud800', 7, undefined]) expect(isName(name)).toBe(false)
  })

  test('that is invalid is refused on input: of a job, a queue, a tag', () => {
    for (const bad of ['a\0b', tooLong]) {
      expect(() => defineJob({ name: bad }, async () => 1)).toThrow(/name/)
      expect(() => defineJob({ name: 'job', queue: bad }, async () => 1)).toThrow(/queue/)
      expect(() => parseEnqueueOptions({ tags: [bad] })).toThrow(/tags/)
    }
  })

  test('a reason and a by are short texts', () => {
    const long = 'x'.repeat(1_001)
    expect(() => operatorWrite({ by: 'ana', reason: long })).toThrow(/reason/)
    expect(() => operatorWrite({ by: long })).toThrow(/by/)
    // As from a form's JSON: stored, it would end each search of the reasons.
    expect(() => operatorWrite(JSON.parse('{"reason":null}'))).toThrow('reason: write a text')
    expect(operatorWrite({ by: 'ana', reason: 'x'.repeat(1_000) })).toMatchObject({ by: 'ana' })
  })
})
