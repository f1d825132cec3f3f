import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ScriptName, scriptOf } from '../../runtime/store/redis/script.ts'

const folder = join(import.meta.dirname, '../../runtime/store/redis/scripts')
const names = readdirSync(folder)
  .map((file) => file.replace('.lua', ''))
  .filter((name) => name !== 'prelude' && !name.endsWith('-part')) as ScriptName[]

describe('scripts of the Redis store', () => {
  test.each(names)('%s: its head is understood, and it has room for more', (name) => {
    const { source } = scriptOf(name)
    // Lua allows 200 local variables in a chunk; a server would refuse the script with a message that tells no cause.
    const locals = [...source.matchAll(/^local (?:function \w+|[\w, ]+)/gm)].flatMap(([line]) =>
      line.replace(/^local (function )?/, '').split(','),
    )
    expect(locals.length).toBeLessThan(185)
  })

  test.each(names)('%s: says that it writes nothing if its name does', (name) => {
    expect(scriptOf(name).readOnly).toBe(/^(read|list|plan|check)-|^overview$/.test(name))
  })
})
