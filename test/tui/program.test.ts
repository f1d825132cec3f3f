import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, inject, test } from 'vitest'

test('no file of the program calls fetch: Node would load undici at each start', () => {
  const folder = dirname(inject('jobsTui'))
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  )
  expect(files).toContain('main.js')
  expect(files.filter((name) => /\bfetch\(/.test(readFileSync(join(folder, name), 'utf8')))).toEqual([])
})
