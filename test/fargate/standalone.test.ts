import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { runs } from '../support/processes/process-state.ts'

const file = fileURLToPath(new URL('./standalone-process.ts', import.meta.url))

function start(mode: 'story' | 'hold'): ChildProcessByStdio<null, Readable, null> {
  const child = spawn(process.execPath, [file, mode], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function firstLine(child: { readonly stdout: Readable }): Promise<string> {
  const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  return text.trim()
}

test('a program without a test runner ends by itself once the fake is closed', async () => {
  const child = start('story')
  const exited = once(child, 'exit')
  expect(await firstLine(child)).toBe('scale-in scale-in spot deployment deployment')
  expect(await exited).toEqual([0, null])
})

test('tasks end with the process that started them, even if it is killed', async () => {
  const child = start('hold')
  const pids = (await firstLine(child)).split(' ').map(Number)
  expect(pids.map(runs)).toEqual([true, true])
  child.kill('SIGKILL')
  await expect.poll(() => pids.some(runs)).toBe(false)
})
