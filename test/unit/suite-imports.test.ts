import { globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

// The direction of imports in the package is a rule of biome.json. Biome matches specifiers as written, and
// cli/ in one may be a suite, a folder of the same suite, or runtime/cli. This test resolves them.

const root = join(import.meta.dirname, '../..')

const suites: ReadonlySet<string> = new Set(
  readdirSync(join(root, 'test'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'support')
    .map(({ name }) => name),
)

/** A relative path in quotes: of an import, or of a program that a test starts. */
const relativePath = /(['"`])(\.{1,2}\/[^'"`\n]*)\1/g

/** Returns the suite that a file belongs to; undefined for test/support, scripts, bench and the package. */
function suiteOf(file: string): string | undefined {
  const [top, folder = ''] = file.split('/')
  return top === 'test' && suites.has(folder) ? folder : undefined
}

test('suites, scripts and bench share files through test/support only', () => {
  const imports = globSync('{test/**/*,scripts/**/*,bench/*,bench/measure/**/*}.{ts,tsx}', { cwd: root })
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))
    .flatMap(({ file, text }) =>
      [...text.matchAll(relativePath)].map(([, , path = '']) => ({ file, to: join(dirname(file), path) })),
    )
  expect(imports.map(({ to }) => to)).toContain('test/support/redis/redis-server.ts')
  const crossing = imports.filter(({ file, to }) => {
    const suite = suiteOf(to)
    return suite !== undefined && suite !== suiteOf(file)
  })
  expect(crossing.map(({ file, to }) => `${file} -> ${to}`)).toEqual([])
})
