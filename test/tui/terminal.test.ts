import { renameSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { defineJob } from '../../sdk/index.ts'
import { ownStore } from './support/store.ts'
import { Terminal } from './support/terminal.ts'

const mail = defineJob({ name: 'send-mail' }, async () => {})

async function opened(...args: readonly string[]): Promise<Terminal> {
  const { url, jobs } = await ownStore()
  await jobs.enqueue(mail)
  const terminal = await Terminal.start({ args: ['--store', url, ...args] })
  await terminal.shows(/live \d/)
  return terminal
}

/** Cursor, raw mode and the shell's own screen are back. */
async function expectGivenBack(terminal: Terminal, code: number): Promise<string> {
  const { screen, ...ended } = await terminal.ended()
  expect(ended.code).toBe(code)
  expect(ended.after).toBe(ended.before)
  expect(screen).not.toContain('READ-ONLY')
  await terminal.type('echo typed by hand')
  await terminal.shows('echo typed by hand')
  return screen
}

describe('the terminal is restored', () => {
  test('after q twice', async () => {
    const terminal = await opened()
    await terminal.press('q')
    await terminal.shows('q again quits')
    await terminal.press('q')
    await expectGivenBack(terminal, 0)
  })

  test('after ctrl-c', async () => {
    const terminal = await opened()
    await terminal.press('C-c')
    await expectGivenBack(terminal, 0)
  })

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('after %s', async (signal, code) => {
    const terminal = await opened()
    await terminal.signal(signal)
    await expectGivenBack(terminal, code)
  })

  test('after an uncaught error, which is printed', async () => {
    const broken = "process.on('SIGUSR2', () => { throw new Error('a defect') })"
    const { url, jobs } = await ownStore()
    await jobs.enqueue(mail)
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(broken)}` }
    const terminal = await Terminal.start({ args: ['--store', url], env })
    await terminal.shows(/live \d/)
    await terminal.signal('SIGUSR2')
    expect(await expectGivenBack(terminal, 1)).toContain('jobs-tui: unexpected error: Error: a defect')
  })
})

describe('the shell gets the terminal', () => {
  test.each([
    ['ctrl-z', (terminal: Terminal) => terminal.press('C-z')],
    ['SIGTSTP', (terminal: Terminal) => terminal.signal('SIGTSTP')],
  ])('by %s, and gives it back by fg', async (_, stop) => {
    const terminal = await opened()
    await terminal.press('2')
    await terminal.shows('send-mail')
    await stop(terminal)
    await terminal.shows(/Stopped/)
    const stopped = await terminal.modes()
    expect(stopped.now).toBe(stopped.before)
    await terminal.type('fg')
    await terminal.press('Enter')
    const back = await terminal.shows('[2 Runs]')
    expect(back).toContain('send-mail')
    expect(back).not.toContain('modes')
    await terminal.press('1')
    await terminal.shows('[1 Home')
    await terminal.press('C-c')
    await terminal.shows((screen) => !screen.includes('[1 Home'))
    const ended = await terminal.modes()
    expect(ended.now).toBe(ended.before)
  })
})

test('keys that arrive in one read are all handled', async () => {
  const { url, jobs } = await ownStore()
  await jobs.enqueueMany(
    mail,
    Array.from({ length: 40 }, () => undefined),
  )
  const terminal = await Terminal.start({ args: ['--store', url] })
  await terminal.shows('[1 Home')
  await terminal.press('2')
  await terminal.shows(/1 of 40 /)
  await terminal.type('jjjjjjj')
  await terminal.shows(/8 of 40 /)
  await terminal.type('Gk')
  await terminal.shows(/39 of 40 /)
})

test('a paste outside text fields is not read as keys', async () => {
  const terminal = await opened()
  await terminal.paste('qq2')
  const screen = await terminal.shows('only text fields')
  expect(screen).toContain('[1 Home')
  await terminal.press('2')
  await terminal.shows('[2 Runs]')
  await terminal.press('/')
  await terminal.paste('job:none\nat all')
  await terminal.shows("no run matches 'job:none at all'")
})

test('an unreachable store leaves the last data and a countdown, and reconnects', async () => {
  const { url, jobs } = await ownStore()
  await jobs.enqueue(mail)
  const terminal = await Terminal.start({ args: ['--store', url] })
  await terminal.shows(/default +1 /)
  const path = url.slice('sqlite:'.length)
  await jobs.close()
  renameSync(path, `${path}.away`)
  const offline = await terminal.shows(/offline .*retry in \d+s/)
  expect(offline).toMatch(/default +1 /)
  renameSync(`${path}.away`, path)
  await terminal.shows(/live \d/)
})

test('output of a library does not reach the screen', async () => {
  const talking =
    "setInterval(() => { console.warn('a library'); process.emitWarning('of a library') }, 20).unref()"
  const { url, jobs } = await ownStore()
  await jobs.enqueue(mail)
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(talking)}` }
  const terminal = await Terminal.start({ args: ['--store', url], env })
  await terminal.shows(/live \d/)
  await terminal.press('2')
  await terminal.shows('send-mail')
  // Repaints the whole screen: earlier output is erased, later output would remain.
  await terminal.press('C-l')
  await terminal.press('9')
  expect(await terminal.shows('write-ahead log')).not.toContain('a library')
})

test('a terminal that is too small shows a message, and recovers', async () => {
  const terminal = await opened()
  await terminal.resize({ columns: 39, rows: 24 })
  await terminal.shows('too small: 39x24, needs 40x10')
  await terminal.resize({ columns: 120, rows: 30 })
  await terminal.shows('[1 Home')
  await terminal.resize({ columns: 40, rows: 10 })
  await terminal.shows('needs attention')
})

test.each([
  ['NO_COLOR', { NO_COLOR: '1' }, []],
  ['a locale without UTF-8', { LANG: 'C' }, []],
  ['--ascii', {}, ['--ascii']],
] as const)('%s', async (name, env, args) => {
  const { url, jobs } = await ownStore()
  await jobs.enqueue(mail)
  const terminal = await Terminal.start({ args: ['--store', url, ...args], env })
  const screen = await terminal.shows(/live \d/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the range
  expect(/^[\x00-\x7f]*$/.test(screen)).toBe(name !== 'NO_COLOR')
})

test('keys typed before the program reads them leave nothing on the screen', async () => {
  const { url } = await ownStore()
  const terminal = await Terminal.start({ args: ['--store', url] })
  // Echoed by the terminal itself, wherever the cursor is by then.
  for (let i = 0; i < 10; i++) await terminal.type('@')
  await terminal.shows(/live \d/)
  expect(await terminal.shows(/^ jobs │ ● live/)).not.toContain('@')
  await terminal.press('C-l')
  expect(await terminal.shows(/^ jobs │ ● live/)).not.toContain('@')
})
