import { expect, test } from 'vitest'
import { decodeValue } from '../../../runtime/model/codec.ts'
import { maxVersion } from '../../../runtime/model/max-version.ts'
import { decodeSpec, encodeSpec, type ScheduleSpec } from '../../../runtime/store/schedules.ts'
import { protectedFrom, readVersion, storedVersion } from '../../../runtime/store/stored-version.ts'
import { defineJob } from '../../../sdk/index.ts'
import { newRun } from '../../support/stores/store-inputs.ts'

test.each([1, 7, maxVersion])('version %d is restored as it was stored', (version) => {
  expect(readVersion(storedVersion({ version }))).toEqual({ version })
  expect(readVersion(storedVersion({ version, protect: true }))).toEqual({ version, protect: true })
})

test('for a run that needs protection it is newer than all code, and has 32 bits', () => {
  expect(storedVersion({ version: 1, protect: true })).toBeGreaterThan(maxVersion)
  expect(storedVersion({ version: maxVersion, protect: true })).toBe(2 ** 32 - 1)
})

test('no job has a version that could be mistaken for one', () => {
  expect(defineJob({ name: 'a', version: maxVersion }, () => 1).version).toBe(maxVersion)
  expect(() => defineJob({ name: 'a', version: maxVersion + 1 }, () => 1)).toThrow(
    /version must be 1, 2, 3 …, /,
  )
})

function specOf(protect?: true): ScheduleSpec {
  const { id: _, start: __, ...run } = newRun({ version: 3, ...(protect ? { protect } : {}) })
  return { cron: '* * * * *', timeZone: 'UTC', missed: 'one', cap: 1, overlap: 'skip', jitterMs: 0, run }
}

test('a schedule stores it where an earlier release reads the version of its runs', () => {
  const { bytes } = encodeSpec('report', specOf(true))
  const stored = decodeValue(bytes.subarray(bytes.indexOf(0x0a) + 1), 'spec') as ScheduleSpec
  expect(stored.run.version).toBe(protectedFrom + 3)
  expect(stored.run).not.toHaveProperty('protect')
  expect(decodeSpec('report', bytes)).toEqual(specOf(true))
  const plain = encodeSpec('report', specOf())
  expect(decodeSpec('report', plain.bytes)).toEqual(specOf())
  expect(plain.digest).not.toBe(encodeSpec('report', specOf(true)).digest)
})
