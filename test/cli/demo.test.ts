import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ownCommandLine } from './command-line.ts'

test('demo --keep leaves its folder and names it', async () => {
  const cli = ownCommandLine()
  const stdout = await cli.ok('demo', '--keep')
  const folder = /what it left: (\/.*)\n$/.exec(stdout)?.[1] ?? ''
  expect(existsSync(`${folder}/candidates.csv`)).toBe(true)
  expect(existsSync(`${folder}/jobs.db`)).toBe(true)
})

test('demo prints a story, not JSON', async () => {
  expect(await ownCommandLine().run(['demo', '--json'])).toMatchObject({ code: 2, stdout: '' })
})
