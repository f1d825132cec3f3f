import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { runDemo } from '../../runtime/cli/demo/run-demo.ts'
import { connect } from '../../runtime/client/client.ts'
import { ownCommandLine } from './command-line.ts'

test('demo --keep retains its folder and prints its path', async () => {
  const cli = ownCommandLine()
  const stdout = await cli.ok('demo', '--keep')
  const folder = /its files: (\/.*)\n$/.exec(stdout)?.[1] ?? ''
  expect(existsSync(`${folder}/candidates.csv`)).toBe(true)
  expect(existsSync(`${folder}/jobs.db`)).toBe(true)
})

test('demo prints a story, not JSON', async () => {
  expect(await ownCommandLine().run(['demo', '--json'])).toMatchObject({ code: 2, stdout: '' })
})

test('in a terminal the demo retains its run, and prints how to open it there', async () => {
  let text = ''
  const write = (more: string): void => {
    text += more
  }
  expect(await runDemo({ io: { terminal: true, live: false, columns: () => 80, write } })).toBe(0)
  const [, run = '', path = ''] = /jobs-tui (\S+) --store sqlite:(\S+)\n/.exec(text) ?? []
  const folder = /its files: (\/.*)\n$/.exec(text)?.[1] ?? ''
  expect(dirname(path)).toBe(folder)
  const jobs = await connect(`sqlite:${path}`)
  try {
    expect((await jobs.inspector.run(run))?.state).toBe('completed')
  } finally {
    await jobs.close()
    await rm(folder, { recursive: true })
  }
})
