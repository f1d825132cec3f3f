import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as fargate from '../../runtime/fargate/index.ts'
import * as runtime from '../../runtime/index.ts'
import * as sdk from '../../sdk/index.ts'

const root = join(import.meta.dirname, '../..')
const doors: Readonly<Record<string, unknown>> = { ...sdk, ...runtime, ...fargate }

/** Errors that no caller of the package meets under a name of their own. */
const internal: Readonly<Record<string, string>> = {
  DemoError: 'of the demo, which prints it',
  ForbiddenError: 'a StoreUnavailableError by name and code, told apart inside the Redis store only',
  JobFileError: 'of the command line, which prints it',
}

/** Names that are no class of the package: built-in ones that an older Node lacks, and that of a stored value. */
const foreign: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(globalThis),
  'SuppressedError',
  'NonError',
  // The name of ECS for a container's end.
  'OutOfMemoryError',
])

function read(pattern: string): string {
  return globSync(pattern, { cwd: root })
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n')
}

function named(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name]) => name ?? ''))].sort()
}

/** Names of `from` that no door exports as a class. */
function missing(from: readonly string[]): string[] {
  return from.filter((name) => typeof doors[name] !== 'function')
}

test('every error that the documentation names can be imported', () => {
  const documented = named(read('{README.md,CHANGELOG.md,docs/*.md}'), /\b([A-Z]\w*Error)\b/g)
  expect(documented).toContain('StoreFullError')
  expect(missing(documented.filter((name) => !foreign.has(name)))).toEqual([])
})

test('every error class that a caller can meet can be imported', () => {
  const defined = named(read('{runtime,sdk}/**/*.ts'), /\bclass (\w*Error)\b/g)
  expect(defined).toContain('DurableJobsError')
  expect(missing(defined)).toEqual(Object.keys(internal))
})

test('every error that a doc comment names can be imported', () => {
  const thrown = named(read('{runtime,sdk}/**/*.ts'), /@throws[^\n]*?\b([A-Z]\w*Error)\b/g)
  expect(missing(thrown).filter((name) => !(name in internal))).toEqual([])
})
