import { expect, test } from 'vitest'
import { protectedFrom, readVersion, storedVersion } from '../../../runtime/store/stored-version.ts'
import { defineJob } from '../../../sdk/index.ts'

const largest = protectedFrom - 1

test.each([1, 7, largest])('version %d comes back as it was stored', (version) => {
  expect(readVersion(storedVersion({ version }))).toEqual({ version })
  expect(readVersion(storedVersion({ version, protect: true }))).toEqual({ version, protect: true })
})

test('for a run that needs protection it is newer than all code, and has 32 bits', () => {
  expect(storedVersion({ version: 1, protect: true })).toBeGreaterThan(largest)
  expect(storedVersion({ version: largest, protect: true })).toBe(2 ** 32 - 1)
})

test('no job has a version that could be taken for one', () => {
  expect(defineJob({ name: 'a', version: largest }, () => 1).version).toBe(largest)
  expect(() => defineJob({ name: 'a', version: largest + 1 }, () => 1)).toThrow(/version must be 1, 2, 3 …, /)
})
