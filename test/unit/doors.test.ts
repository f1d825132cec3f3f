import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
/** `node:http` is a quarter of the start of a command, and brings undici with it. */
const never = /^(ioredis|ink|react|@aws-sdk\/.*|(node:)?(http|sqlite))(\/|$)/

/** The modules that a fresh process resolves, from packages and from Node, when it imports `file` and runs `then`. */
async function loadedBy(file: string, then = ''): Promise<readonly string[]> {
  const script = `
    import { registerHooks } from 'node:module'
    const asked = new Set()
    registerHooks({ resolve(specifier, context, next) { asked.add(specifier); return next(specifier, context) } })
    const loaded = await import(${JSON.stringify(join(root, file))})
    ${then}
    for (const entry of process.moduleLoadList) asked.add(entry.replace(/^NativeModule /, 'node:'))
    console.log(JSON.stringify([...asked]))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 10_000,
  })
  return JSON.parse(stdout) as string[]
}

describe('loading', () => {
  test.each(['sdk/index.ts', 'runtime/index.ts'])(
    '%s loads no store, no HTTP and no integration',
    async (door) => {
      const loaded = await loadedBy(door)
      expect(loaded).toContain('msgpackr')
      expect(loaded.filter((name) => never.test(name) || name.includes('/fargate/'))).toEqual([])
    },
  )

  test('runtime/fargate/index.ts loads no AWS SDK, no HTTP and no store', async () => {
    const loaded = await loadedBy('runtime/fargate/index.ts')
    expect(loaded).toContain('node:util')
    expect(loaded.filter((name) => never.test(name))).toEqual([])
  })

  test.each(['runtime/cli/program.ts', 'runtime/worker/health-server.ts'])(
    '%s, which each command or worker loads, loads no HTTP',
    async (file) => {
      const loaded = await loadedBy(file)
      expect(loaded).not.toEqual([])
      expect(loaded.filter((name) => /^(node:)?http$/.test(name))).toEqual([])
    },
  )

  test('a store is loaded on use', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-unit-'))
    const url = JSON.stringify(`sqlite:${join(folder, 'jobs.db')}`)
    const loaded = await loadedBy(
      'sdk/index.ts',
      `const jobs = await loaded.connect(${url})
       await jobs.resumeQueue('any')
       await jobs.close()`,
    )
    rmSync(folder, { recursive: true })
    expect(loaded).toContain('node:sqlite')
  })

  test('sdk/index.ts prints nothing', async () => {
    const script = `await import(${JSON.stringify(join(root, 'sdk/index.ts'))})`
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      timeout: 5_000,
    })
    expect([stdout, stderr]).toEqual(['', ''])
  })
})
