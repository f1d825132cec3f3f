import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

const run = promisify(execFile)
const main = join(import.meta.dirname, '../../dist/runtime/cli/main.js')
let scratch = ''

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'durable-jobs-demo-test-'))
})
afterEach(() => rmSync(scratch, { recursive: true }))

test('the demo kills a worker, shows another one continue, and checks the result', async () => {
  const env = { ...process.env, TMPDIR: scratch }
  const { stdout, stderr } = await run(process.execPath, [main, 'demo'], { env, timeout: 25_000 })

  const checks = stdout.split('\n').filter((line) => /^ {2}[✓✗]/.test(line))
  expect(checks).toEqual([
    expect.stringMatching(/✓ killed .* by SIGKILL at .* in insert rows\[\d+\]/),
    expect.stringMatching(/✓ steps .* stored by then, 0 run again; begun twice: insert rows\[\d+\]/),
    expect.stringMatching(/✓ resumed .* after the kill/),
    expect.stringMatching(/✓ rows .* inserted once each/),
    expect.stringMatching(/✓ mails .* sent once each/),
    expect.stringMatching(/✓ run .* completed/),
  ])
  expect(stderr).toBe('')
  expect(readdirSync(scratch)).toEqual([])
})
