import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const examples = readdirSync(join(root, 'examples')).filter((file) => file.endsWith('.ts'))

/** The lines that the header says the example prints at its end. */
function promisedLines(source: string): readonly string[] {
  const lines = source.split('\n')
  const from = lines.indexOf('// Prints at the end:') + 1
  const to = lines.findIndex((line, i) => i >= from && !line.startsWith('//   '))
  return lines.slice(from, to).map((line) => line.slice('//   '.length))
}

describe.concurrent('examples', () => {
  let scratch = ''
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'durable-jobs-examples-'))
  })
  afterAll(() => rmSync(scratch, { recursive: true }))

  test.each(examples)('%s prints the output in its header, and leaves nothing behind', async (file) => {
    const path = join(root, 'examples', file)
    const promised = promisedLines(readFileSync(path, 'utf8'))
    expect(promised).not.toEqual([])

    const own = mkdtempSync(join(scratch, 'temporary-'))
    const env = { ...process.env, TMPDIR: own, DURABLE_JOBS_STORE: `sqlite:${join(scratch, file)}.db` }
    const { stdout } = await run(process.execPath, [path], { env, cwd: scratch, timeout: 25_000 })

    expect(stdout.trimEnd().split('\n').slice(-promised.length)).toEqual(promised)
    expect(readdirSync(own)).toEqual([])
  })
})
