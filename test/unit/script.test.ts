import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ScriptName, scriptOf } from '../../runtime/store/redis/script.ts'
import { withConstants } from '../../runtime/store/redis/script-constants.ts'

const folder = join(import.meta.dirname, '../../runtime/store/redis/scripts')
const names = readdirSync(folder)
  .map((file) => file.replace('.lua', ''))
  .filter((name) => name !== 'prelude' && !name.endsWith('-part')) as ScriptName[]

/** How many functions each call of a script creates in any case: those outside other functions and conditions. */
function functionsOfEachCall(source: string): number {
  const code = source
    .replace(/--\[\[[\s\S]*?\]\]|--.*/g, '')
    .replace(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/g, "''")
  const open: string[] = []
  let functions = 0
  for (const [word] of code.matchAll(/\b(?:function|if|do|repeat|end|until)\b/g)) {
    if (word === 'end' || word === 'until') {
      open.pop()
    } else {
      if (word === 'function' && open.every((outer) => outer === 'do')) functions++
      open.push(word)
    }
  }
  expect(open).toEqual([])
  return functions
}

describe('scripts of the Redis store', () => {
  test.each(names)('%s: its head is parsed, and it has room for more', (name) => {
    const { source } = scriptOf(name)
    // Lua allows 200 local variables in a chunk; a server would refuse the script with a message without a cause.
    const locals = [...source.matchAll(/^local (?:function \w+|[\w, ]+)/gm)].flatMap(([line]) =>
      line.replace(/^local (function )?/, '').split(','),
    )
    expect(locals.length).toBeLessThan(185)
  })

  test.each(names)('%s: declares that it writes nothing if its name does', (name) => {
    expect(scriptOf(name).readOnly).toBe(/^(read|list|plan|check)-|^overview$/.test(name))
  })

  // A server creates them again in each call. Rare ones belong in a group that is created on first use, as `uniqueKeys` in the
  // prelude, or in a part that is included where it is needed.
  test.each([
    ['claim', 86],
    ['commit', 72],
    ['enqueue', 71],
    ['append', 2],
    ['append-failures', 4],
    ['renew', 14],
    ['reconcile', 64],
    ['sweep', 85],
  ] as const)('%s: creates at most %i functions in each call', (name, most) => {
    expect(functionsOfEachCall(scriptOf(name).source)).toBeLessThanOrEqual(most)
  })
})

describe('placeholders of scripts', () => {
  test.each([
    ['local A, B = --[[steps]] 0, --[[clock]] 0', /^local A, B = \d+, \d+$/],
    ['local A, B, C = --[[failures]] 0, 0, 0\nreturn A', /^local A, B, C = \d+, \d+, \d+\nreturn A$/],
    [
      "local A, B, C, D = --[[poisoned]] '', '', '', ''",
      /^local A, B, C, D = '[^']+', '[^']+', '[^']+', '[^']+'$/,
    ],
    ['local A = --[[delays]] {}', /^local A = \{ \d+.*, \d+ \}$/],
    ['--[[states]]\n--[[states]]', /^(local SCHEDULED, READY, .* = 1, 2, .*)\n\1$/],
    ['--[[ steps ]] return 0 --[[ a comment ]]', /^--\[\[ steps \]\] return 0 --\[\[ a comment \]\]$/],
  ])('get their constants: %j', (source, made) => {
    expect(withConstants('example', source)).toMatch(made)
  })

  test.each([
    'local A = --[[setps]] 0',
    'local A = --[[steps]] 0, 0',
    'local A = --[[steps]]',
    'local A, B = --[[failures]] 0, 0',
    "local A = --[[steps]] ''",
    'local A = --[[steps]] 0x10',
    'local A = --[[delays]] 0',
    'local A = --[[states]] {}',
    'local A = --[[toString]] 0',
  ])('are refused if no constants fit: %j', (source) => {
    expect(() => withConstants('example', source)).toThrow(
      /^script example has the placeholder --\[\[\w+\]\].*, which is unknown$/,
    )
  })
})
