import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

test('every rule that the code cites is documented', () => {
  const written = new Set(
    readFileSync(join(root, 'docs/protocol.md'), 'utf8')
      .match(/^\| [PR]\d+ /gm)
      ?.map((row) => row.slice(2, -1)),
  )
  const cited = globSync('runtime/**/*.{ts,lua}', { cwd: root })
    .filter((file) => !file.endsWith('script-sources.ts'))
    .flatMap((file) => readFileSync(join(root, file), 'utf8').match(/\b[PR]\d+\b(?=[^']*$)/gm) ?? [])
  expect(cited.length).toBeGreaterThan(10)
  expect([...new Set(cited)].filter((rule) => !written.has(rule))).toEqual([])
})
