import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { connect, defineJob } from '../../sdk/index.ts'
import { runs } from '../support/processes/process-state.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { RecordedTerminal, type RecordedTerminalOptions } from '../support/terminal/recorded-terminal.ts'
import { ownStore } from './support/store.ts'

const run = promisify(execFile)
const mail = defineJob({ name: 'send-mail' }, async () => {})
const size = { columns: 100, rows: 30 }

type Options = Partial<RecordedTerminalOptions> & { readonly under?: readonly string[] }

async function open(
  args: readonly string[],
  { under = [], ...options }: Options = {},
): Promise<RecordedTerminal> {
  const program = [...under, process.execPath, inject('jobsTui'), ...args]
  const env = { TMPDIR: './temporary', ...options.env }
  const terminal = await RecordedTerminal.open({ size, program, ...options, env })
  onTestFinished(() => terminal.close())
  mkdirSync(temporaryOf(terminal))
  await terminal.begin()
  return terminal
}

async function opened(options: Options = {}): Promise<RecordedTerminal> {
  const { url, jobs } = await ownStore()
  await jobs.enqueue(mail)
  const terminal = await open(['--store', url], options)
  await terminal.shows(/live \d/)
  return terminal
}

/** The program's files in the system's temporary folder. */
function temporaryOf(terminal: RecordedTerminal): string {
  return join(terminal.folder, 'temporary')
}

/** The program, and all that it started. */
async function family(pid: number): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-e', '-o', 'pid=,ppid='])
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const children = pairs.flatMap(([child = 0, parent]) => (parent === pid ? [child] : []))
  return [pid, ...(await Promise.all(children.map(family))).flat()]
}

async function expectGivenBack(terminal: RecordedTerminal, code: number): Promise<void> {
  const { before, after, ...ended } = await terminal.ended()
  expect(ended.code).toBe(code)
  expect(after).toBe(before)
  await terminal.until((now) => now.transcript().at(-1) === '>', 'the prompt')
}

describe('a closed terminal', () => {
  test('by a killed pane ends the demo without leaving a process or a folder', async () => {
    const terminal = await open(['--demo', '--seed', '5'], { outlives: true })
    await terminal.shows(/live \d/)
    const pids = await family(await terminal.pid())
    expect(pids.length).toBeGreaterThan(3)
    await terminal.killPane()
    await expect.poll(() => terminal.exitCode).toBe(129)
    await expect.poll(() => pids.filter(runs)).toEqual([])
    expect(readdirSync(temporaryOf(terminal), { recursive: true })).toEqual([])
  })

  test('while the past of a demo is played leaves nothing behind either', async () => {
    const terminal = await open(['--demo', '--seed', '5'])
    await expect.poll(() => readdirSync(temporaryOf(terminal))).not.toEqual([])
    const pids = await family(await terminal.pid())
    await terminal.killPane()
    await expect.poll(() => pids.filter(runs)).toEqual([])
    await expect.poll(() => readdirSync(temporaryOf(terminal))).toEqual([])
  })

  // In a session of its own a program gets no signal when its terminal closes: reads and writes fail.
  test('without a signal ends the program, instead of a busy loop of failing reads', async () => {
    const terminal = await opened({ under: ['setsid'], outlives: true })
    const pid = await terminal.pid()
    await terminal.killPane()
    await expect.poll(() => runs(pid)).toBe(false)
    await expect.poll(() => terminal.exitCode).toBe(129)
  })

  test('during a pager ends the program and the pager', async () => {
    const terminal = await openedPager({ outlives: true })
    const pids = await family(await terminal.pid())
    expect(pids.length).toBeGreaterThan(1)
    await terminal.killPane()
    await expect.poll(() => terminal.exitCode).toBe(129)
    await expect.poll(() => pids.filter(runs)).toEqual([])
  })
})

/** A pager that reports when it has shown everything, and ends at `endPager`. */
const pager = 'cat; echo shown by the pager; until [ -e seen ]; do sleep 0.1; done'

function endPager(terminal: RecordedTerminal): void {
  writeFileSync(join(terminal.folder, 'seen'), '')
}

async function openedPager(options: Options & { readonly pager?: string } = {}): Promise<RecordedTerminal> {
  const terminal = await opened({ ...options, env: { PAGER: options.pager ?? pager } })
  await openValues(terminal)
  await terminal.until((now) => now.transcript().includes('shown by the pager'), 'the pager')
  return terminal
}

async function openValues(terminal: RecordedTerminal): Promise<void> {
  await terminal.type('2')
  await terminal.shows(/ 1 of 1/)
  await terminal.type('\r')
  await terminal.shows('no live worker has version')
  await terminal.type('o')
}

describe('while a pager has the terminal', () => {
  test('a resize writes nothing to its screen', async () => {
    const terminal = await openedPager()
    const pid = await terminal.pid()
    await terminal.resizeOnly({ columns: 120, rows: 40 })
    process.kill(pid, 'SIGWINCH')
    endPager(terminal)
    await terminal.until(
      (now) => now.isFullScreen && now.hasFrameOf({ columns: 120, rows: 40 }),
      'the new size',
    )
    expect(terminal.transcript()).toContain('shown by the pager')
    const lent = terminal.recording.split('\x1b[?1049l')[1]?.split('\x1b[?1049h')[0] ?? ''
    expect(lent).toContain('shown by the pager')
    expect(lent).not.toContain('\x1b[2J')
    await terminal.resize(size)
    await terminal.type('\x03')
    await expectGivenBack(terminal, 0)
  })

  test('the pager gets ctrl-c and ctrl-z; ctrl-z stops this program with it', async () => {
    const terminal = await openedPager({ pager: `trap 'echo interrupted' INT; ${pager}` })
    await terminal.type('\x03')
    await terminal.until((now) => now.transcript().some((line) => line.endsWith('interrupted')), 'ctrl-c')
    await terminal.type('\x1a')
    await terminal.until((now) => /Stopped/.test(now.transcript().at(-2) ?? ''), 'stopped')
    await terminal.type('fg\r')
    endPager(terminal)
    await terminal.until((now) => now.isFullScreen && now.hasFrameOf(size), 'the screen is back')
    await terminal.type('\x03')
    // The script around the program got the ctrl-c of the pager too, and ends with the program.
    await terminal.until((now) => !now.isFullScreen && now.transcript().at(-1) === '>', 'the prompt')
    await terminal.type('stty -a | diff - before && echo unchanged\r')
    await terminal.until((now) => now.transcript().includes('unchanged'), 'the modes as they were')
  })

  test('SIGTERM ends the pager too', async () => {
    const terminal = await openedPager()
    const pids = await family(await terminal.pid())
    process.kill(pids[0] ?? 0, 'SIGTERM')
    await expectGivenBack(terminal, 143)
    await expect.poll(() => pids.filter(runs)).toEqual([])
  })

  test('SIGTERM ends a real less too', async () => {
    const terminal = await opened({ env: { PAGER: 'less -R' } })
    await openValues(terminal)
    const pid = await terminal.pid()
    // Only once it shows the text does it sit at the terminal and wait for a key.
    await terminal.until((now) => now.lines().some((line) => /^(:|.*\(END\))$/.test(line)), 'less')
    const less = (await family(pid)).slice(1)
    expect(less).not.toEqual([])
    process.kill(pid, 'SIGTERM')
    await expectGivenBack(terminal, 143)
    await expect.poll(() => less.filter(runs)).toEqual([])
  })
})

test('a program stopped by the shell ends by the shell’s kill, without reclaiming the terminal', async () => {
  const terminal = await opened()
  const pid = await terminal.pid()
  await terminal.type('\x1a')
  await terminal.until((now) => /Stopped/.test(now.transcript().at(-2) ?? ''), 'stopped')
  await terminal.type('kill %1\r')
  await expect.poll(() => runs(pid)).toBe(false)
  expect(terminal.isFullScreen).toBe(false)
  await terminal.type('echo typed by hand\r')
  await terminal.until((now) => now.transcript().includes('typed by hand'), 'the shell')
})

describe('a store that does not reply does not block the way back to the shell', () => {
  test('a store that never replied', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    onTestFinished(() => void silent.close())
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const terminal = await open(['--store', `redis://127.0.0.1:${port}`])
    await terminal.shows('connecting')
    await terminal.type('q')
    await terminal.shows('q again quits')
    await terminal.type('q')
    await expectGivenBack(terminal, 0)
  })

  test('a store that stopped replying', async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.remove())
    const jobs = await connect(server.url)
    await jobs.enqueue(mail)
    await jobs.close()
    const terminal = await open(['--store', server.url])
    await terminal.shows(/live \d/)
    server.pause()
    await terminal.shows(/no reply for|offline/)
    process.kill(await terminal.pid(), 'SIGTERM')
    await expectGivenBack(terminal, 143)
  })
})

describe('stdout that is full', () => {
  test.each([[[]], [['--json']]])('ends --once %j with one line and 2', async (more) => {
    const { url, jobs } = await ownStore()
    await jobs.enqueue(mail)
    const program = [process.execPath, inject('jobsTui'), '--store', url, '--once', ...more]
    const line = '"$@" 2>&1 > /dev/full; echo code $?'
    const { stdout } = await run('bash', ['-c', line, 'bash', ...program])
    expect(stdout).toMatch(/^jobs-tui: can't write to stdout: .*ENOSPC.*\ncode 2\n$/)
  })
})

describe('stdout that is closed', () => {
  test.each([[[]], [['--json']]])('ends --once %j without a word', async (more) => {
    const { url, jobs } = await ownStore()
    await jobs.enqueue(mail)
    const program = [process.execPath, inject('jobsTui'), '--store', url, '--once', ...more]
    const line = `exec 3>&1; { "$@" 2>&3; echo code $? >&3; } | true`
    const { stdout } = await run('bash', ['-c', line, 'bash', ...program])
    expect(stdout).toMatch(/^code (0|3|141)\n$/)
  })
})
