import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const [job = '', client = '', worker = ''] = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(
  ([, code]) => code ?? '',
)

describe('a project that uses the package as the README says', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'durable-jobs-consumer-'))
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
    symlinkSync(root, join(folder, 'node_modules/durable-jobs'))
    for (const name of ['zod', '@types/node', 'undici-types']) {
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
    }
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'welcome.ts'), job)
    writeFileSync(join(folder, 'enqueue.ts'), client)
    writeFileSync(join(folder, 'worker.ts'), worker)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  function compile(): Promise<{ stdout: string }> {
    const compilerOptions = {
      ...{ module: 'nodenext', target: 'es2023', types: ['node'], strict: true, noEmit: true },
      ...{ allowImportingTsExtensions: true, erasableSyntaxOnly: true },
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    return run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    )
  }

  test('compiles, declarations of the package included', async () => {
    expect((await compile()).stdout).toBe('')
  })
})
