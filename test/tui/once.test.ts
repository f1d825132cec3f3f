import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { defineJob } from '../../sdk/index.ts'
import { ownStore } from './support/store.ts'

const mail = defineJob({ name: 'send-mail', queue: 'mail' }, async () => {})

interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** jobs-tui without a terminal. */
function tui(...args: readonly string[]): Promise<Finished> {
  return tuiIn(tmpdir(), ...args)
}

/** With a folder for temporary files. */
function tuiIn(folder: string, ...args: readonly string[]): Promise<Finished> {
  const env = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', TMPDIR: folder }
  return new Promise((resolve) => {
    execFile(process.execPath, [inject('jobsTui'), ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

describe('--once', () => {
  test('prints a frame of each screen, and exits 3 while something needs attention', async () => {
    const { url, jobs } = await ownStore()
    await jobs.enqueue(mail)
    await jobs.pauseQueue('mail', { by: 'ana', reason: 'storm' })
    const home = await tui('--store', url, '--once')
    expect(home).toMatchObject({ code: 3, stderr: '' })
    expect(home.stdout).toContain("Queue 'mail' is paused by ana (storm)")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those that a pipe may not get
    expect(home.stdout).not.toMatch(/[\x00-\x09\x0b-\x1f]/)
    expect((await tui('--store', url, '--once', 'runs')).stdout).toMatch(/send-mail +○ ready/)
    expect((await tui('--store', url, '--once', 'doctor')).stdout).toContain('write-ahead log')
  })

  test('exits 0 if nothing needs attention', async () => {
    const { url, jobs } = await ownStore()
    await jobs.resumeQueue('mail')
    const { code, stdout } = await tui('--store', url, '--once')
    expect(code).toBe(0)
    expect(stdout).toContain('nothing needs attention')
  })

  test('--json prints the data of the screen', async () => {
    const { url, jobs } = await ownStore()
    await jobs.enqueue(mail)
    const runs = await tui('--store', url, '--once', 'runs', '--json')
    expect(JSON.parse(runs.stdout)).toMatchObject({ runs: [{ job: 'send-mail', state: 'ready' }], looked: 1 })
    const home = await tui('--store', url, '--once', '--json')
    expect(JSON.parse(home.stdout)).toMatchObject({
      queues: [{ name: 'mail' }],
      findings: [{ kind: 'unserved' }],
    })
  })

  test('of a run prints its screen, and its JSON', async () => {
    const { url, jobs } = await ownStore()
    const { id } = await jobs.enqueue(mail)
    const { stdout } = await tui('--store', url, id, '--once')
    expect(stdout).toContain(id)
    expect(stdout).toContain('steps')
    const { stdout: json } = await tui('--store', url, id, '--once', '--json')
    expect(JSON.parse(json)).toMatchObject({ run: { id, job: 'send-mail', state: 'ready' } })
  })

  test('of an unknown run explains it in full sentences; the exit code is that of the store', async () => {
    const { url } = await ownStore()
    const { code, stdout } = await tui('--store', url, 'nope', '--once')
    expect(code).toBe(0)
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'was never enqueued here, or was removed after its retention',
    )
    expect(stdout).not.toContain('…')
  })

  test('of a demo needs no store, and leaves none behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jobs-tui-once-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const { code, stdout, stderr } = await tuiIn(folder, '--demo', '--seed', '7', '--once', 'failures')
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
    expect(stdout).toContain('TypeError: Cannot read properties')
    expect(readdirSync(folder)).toEqual([])
  })

  test('exits 2 if the store can’t be reached, and creates none', async () => {
    const { url } = await ownStore()
    const missing = `${url}.not-there`
    const { code, stdout, stderr } = await tui('--store', missing, '--once')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^jobs-tui: there is no store at .*\n$/)
    expect(existsSync(missing.slice('sqlite:'.length))).toBe(false)
    const json = await tui('--store', missing, '--once', '--json')
    expect({ code: json.code, stdout: json.stdout }).toEqual({ code: 2, stdout: '' })
    expect(JSON.parse(json.stderr)).toMatchObject({
      error: { code: 'STORE_UNAVAILABLE', message: expect.stringContaining('there is no store at') },
    })
  })

  test('writes nothing', async () => {
    const { url, jobs } = await ownStore()
    await jobs.enqueue(mail)
    const before = await jobs.inspector.overview({ range: '1h' })
    const { size } = statSync(url.slice('sqlite:'.length))
    for (const screen of ['home', 'runs', 'doctor']) await tui('--store', url, '--once', screen)
    const after = await jobs.inspector.overview({ range: '1h' })
    expect([after.cursor, after.workers]).toEqual([before.cursor, []])
    expect(statSync(url.slice('sqlite:'.length)).size).toBe(size)
  })
})

describe('a wrong command line prints one line', () => {
  test.each([
    [[], /stdout is no terminal; --once prints one frame as text/],
    [['--once', 'nothing'], /'nothing' is invalid.*home, runs/],
    [['--demo', '--store', 'x', '--once'], /--demo makes its own store; omit --store/],
    [['--seed', '7', '--once'], /--seed is the number of a demo; add --demo/],
    [['--demo', '--seed', 'x', '--once'], /write a whole number, such as 7/],
    [['01m8jm59jrj27v70137jwxkj9h', '--once', 'runs'], /--once runs and a run are two screens/],
    [['--nothing'], /unknown option '--nothing'/],
    [['--store', 'mysql:x', '--once'], /no engine for 'mysql:x'/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await tui(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^jobs-tui: .+\n$/)
    expect(stderr).toMatch(message)
  })
})

test('--json without --once is an error, printed as JSON', async () => {
  const { code, stderr } = await tui('--json')
  expect(code).toBe(2)
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'USAGE', message: expect.stringContaining('--once') },
  })
})

test('--help and --version', async () => {
  expect(await tui('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--write') })
  expect(await tui('--version')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  })
})
