import { afterAll, describe, expect, test } from 'vitest'
import type { Finished } from '../support/processes/cli-process.ts'
import { CommandLine, jobFile, jsonError } from './command-line.ts'

const cli = new CommandLine()
afterAll(() => cli.dispose())
const names = (
  'work enqueue demo attention runs show explain failures queues stats limits unique schedules workers events health doctor actions ' +
  'retry cancel remove pause resume drain'
).split(' ')

describe.concurrent('help', () => {
  test('lists every command', async () => {
    const help = await cli.ok('--help')
    const listed = [...help.matchAll(/^ {2}([a-z]+)(?: [<[]| {2})/gm)].map(([, name]) => name)
    expect(listed.filter((name) => name !== 'help')).toEqual(names)
    expect(listed).toContain('help')
  })

  test.each(names)('%s --help describes --store, --help and what --json prints', async (name) => {
    const help = await cli.ok(name, '--help')
    expect(help).toContain('--store <url>')
    expect(help).toContain('-h, --help')
    if (name !== 'demo') expect(help).toMatch(/--json +print JSON, errors too: \S/)
  })

  test('help COMMAND equals COMMAND --help', async () => {
    expect(await cli.ok('help', 'runs')).toBe(await cli.ok('runs', '--help'))
  })

  test('no command: prints the help on stderr, exit 2', async () => {
    const { code, stdout, stderr } = await cli.run([])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^Usage: durable-jobs /)
  })

  test('--version', async () => {
    expect(await cli.ok('--version')).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
  })
})

describe.concurrent('a wrong command line: one line, exit 2', () => {
  test.each([
    ['an unknown command', ['runz'], "unknown command 'runz' (Did you mean runs?)"],
    [
      'an unknown command without a suggestion',
      ['frobnicate'],
      "unknown command 'frobnicate'; --help shows how it is used",
    ],
    [
      'an unknown option',
      ['work', jobFile, '--concurency', '3'],
      "unknown option '--concurency' (Did you mean --concurrency?)",
    ],
    ['a missing argument', ['show'], "missing required argument 'id'; --help shows how it is used"],
    [
      'too many arguments',
      ['runs', 'a'],
      "too many arguments for 'runs'. Expected 0 arguments but got 1: a; --help shows how it is used",
    ],
    [
      'a missing value',
      ['runs', '--job'],
      "option '--job <name>' argument missing; --help shows how it is used",
    ],
    [
      'a missing option',
      ['health'],
      "required option '--port <n>' not specified; --help shows how it is used",
    ],
  ])('%s', async (_, args, message) => {
    expect(await cli.refused(2, args)).toBe(message)
  })

  test.each([
    [
      ['work', jobFile, '--concurrency', '-1'],
      "option '--concurrency <n>' argument '-1' is invalid. Write a whole number from 1 to 10000.",
    ],
    [['work', jobFile, '--concurrency', '1.5'], 'Write a whole number from 1 to 10000.'],
    [
      ['work', jobFile, '--lease', '5x'],
      "option '--lease <duration>' argument '5x' is invalid. Write a duration such as '250ms', '10s', '5m', '2h', '1d', or milliseconds.",
    ],
    [['work', jobFile, '--stop-timeout=-3s'], "Write a duration such as '250ms'"],
    [
      ['work', jobFile, '--lease', '5ms'],
      'lease: 5 ms is too short to be renewed in time; write 300 ms or more',
    ],
    [['work', jobFile, '--health-port', '70000'], 'Write a whole number from 0 to 65535.'],
    [['work', jobFile, '--queues', 'a,,b'], "Write names with commas between them, such as 'mails,imports'."],
    [['work', jobFile, '--log-level', 'loud'], 'Allowed choices are debug, info, warn, error.'],
    [['runs', '--state', 'failed,fialed'], "'fialed' is not a state. Allowed choices are scheduled, ready,"],
    [
      ['runs', '--since', 'yesterday'],
      "Write how long ago, such as '2h' or '30m', or a time such as '2030-01-31T",
    ],
    [['runs', '--since', '2x'], "Write how long ago, such as '2h'"],
    [['runs', '--limit', '0'], 'Write a whole number from 1 to 1000.'],
    [['runs', '--limit-key', 'a'], '--limit-key is a key of a limiter; name the limiter with --limiter'],
    [['limits', '--key', 'a'], '--key needs the name of one limiter: durable-jobs limits NAME --key KEY'],
    [['limits', 'a', '--cursor', 'x'], '--cursor needs --key'],
    [['unique', '--limit', '2000'], 'Write a whole number from 1 to 1000.'],
  ])('%j', async (args, message) => {
    expect(await cli.refused(2, args)).toContain(message)
  })

  test('as JSON', async () => {
    const message = "unknown command 'runz' (Did you mean runs?)"
    expect(await jsonError(cli, ['runz'])).toEqual({ code: 'USAGE', name: 'UsageError', message })
  })
})

describe('pipes', () => {
  /** Like `durable-jobs ARGS | true` in a shell: the pipe has no reader. */
  function unread(args: readonly string[], stream: 'stdout' | 'stderr'): Promise<Finished> {
    const started = cli.start(args)
    started.process[stream].destroy()
    return started.finished
  }

  test('a closed stdout is no failure', async () => {
    await cli.ok('enqueue', jobFile, 'silent', '--id', 'one')
    expect(await unread(['runs'], 'stdout')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await unread(['show', 'one', '--json'], 'stdout')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('a closed stderr retains the exit code', async () => {
    expect(await unread(['runz'], 'stderr')).toEqual({ code: 2, stdout: '', stderr: '' })
  })
})
