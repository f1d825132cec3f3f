import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CommandLine, commandLineWithStore, jobFile } from './command-line.ts'

interface FailureJson {
  readonly fingerprint: string
  readonly text: string
  readonly [field: string]: unknown
}
interface FailuresJson {
  readonly failures: readonly FailureJson[]
}

const cli = new CommandLine()

beforeAll(async () => {
  const worker = await cli.work(jobFile)
  for (const file of ['bad.csv', 'bad.csv', 'control.csv'])
    await cli.run([
      'enqueue',
      jobFile,
      'import-file',
      JSON.stringify({ file }),
      '--id',
      `${file}-${Math.random()}`,
      '--wait',
    ])
  await worker.kill('SIGTERM')
})
afterAll(() => cli.dispose())

async function listed(...args: string[]): Promise<readonly FailureJson[]> {
  return (await cli.json<FailuresJson>('failures', ...args)).failures
}

describe('failures', () => {
  test('lists causes, most recent first', async () => {
    const [title = '', ...rows] = (await cli.ok('failures')).trimEnd().split('\n')
    expect(title.split(/ {2,}/)).toEqual([
      ...['FAILURE', 'NOW', 'TRIES', '5m', '1h', 'FIRST', 'LAST', 'JOB', 'STEP', 'ERROR'],
    ])
    const age = '(?:[\\d.]+[a-z]+)+'
    const row = (numbers: string, step: string, error: string): unknown =>
      expect.stringMatching(
        new RegExp(
          `^f1:[0-9a-f]{8} +${numbers.replaceAll(' ', ' +')} +${age} +${age} +import-file +${step} +${error}$`,
        ),
      )
    expect(rows).toEqual([
      row('1 1 1 1', 'check', 'FatalError: a red error'),
      row('0 3 3 3', 'ask provider', 'Error: connection reset'),
      row('2 4 4 4', 'check', 'TypeError: email is missing'),
    ])
  })

  test('prints every field as JSON', async () => {
    const [, , missing] = await listed()
    expect(missing).toEqual({
      ...{ fingerprint: expect.stringMatching(/^f1:[0-9a-f]{12}$/), job: 'import-file', step: 'check' },
      ...{ name: 'TypeError', text: 'email is missing', tries: 4, runs: 2, failedNow: 2, versions: [1] },
      ...{ firstAt: expect.any(Number), lastAt: expect.any(Number) },
      ...{ sample: expect.stringMatching(/^bad\.csv-/), perMinute: expect.any(Array) },
    })
    expect(missing?.perMinute).toHaveLength(60)
  })

  test('filters by job and time, in three orders, up to a limit', async () => {
    const texts = async (...args: string[]): Promise<string[]> =>
      (await listed(...args)).map(({ text }) => text)
    expect(await texts('--order', 'most', '--limit', '1')).toEqual(['email is missing'])
    expect(await texts('--order', 'newest', '--limit', '1')).toEqual(['a red error'])
    expect(await texts('--since', '1h', '--job', 'import-file')).toHaveLength(3)
    expect(await texts('--since', '2999-01-01T00:00:00Z')).toEqual([])
    const none = await cli.run(['failures', '--job', 'silent'])
    expect(none).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^no such failure in sqlite:/),
    })
    const some = await cli.run(['failures', '--limit', '1'])
    expect(some).toMatchObject({ code: 0, stderr: 'there are more: raise --limit\n' })
  })

  test('shows one by the prefix of its fingerprint: its run, its minutes, the next command', async () => {
    const [, , group] = await listed()
    const { fingerprint, sample } = group ?? { fingerprint: '', sample: '' }
    const text = await cli.ok('failures', fingerprint.slice(0, 9))
    const lines = new Map(
      text
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(0, 10).trim(), line.slice(10)]),
    )
    expect(Object.fromEntries(lines)).toEqual({
      failure: fingerprint,
      error: 'TypeError: email is missing',
      job: "import-file, step 'check'",
      now: '2 failed runs',
      tries: '4, 4 of them in the last hour, 4 in the last 5 min',
      runs: 'ended as failed 2 times, retries included',
      first: expect.stringMatching(/^\d{4}-.*Z \(.* ago\)$/),
      last: expect.stringMatching(/^\d{4}-.*Z \(.* ago\)$/),
      version: '1',
      sample: `${String(sample)}: durable-jobs show ${String(sample)}`,
      minutes: expect.stringMatching(/^[·▁▂▃▄▅▆▇█]{60} max \d$/),
      next: `list its runs: durable-jobs runs --fingerprint ${fingerprint}`,
      '': `retry them: durable-jobs retry --fingerprint ${fingerprint}`,
    })
    // A minute may have passed since.
    const again = { ...group, perMinute: expect.any(Array) }
    expect(await cli.json('failures', fingerprint.slice(3))).toEqual({ failure: again })
    // As the table prints it.
    for (const printed of [fingerprint.slice(0, 11), fingerprint.slice(3, 11)]) {
      expect(await cli.json('runs', '--fingerprint', printed)).toEqual(
        await cli.json('runs', '--fingerprint', fingerprint),
      )
    }
    expect(await cli.ok('runs', '--fingerprint', fingerprint.slice(3, 11))).toContain(sample)
  })

  test('refuses a prefix that matches none or several', async () => {
    expect(await cli.refused(1, ['failures', 'f1:zz'])).toMatch(
      /^no failure 'f1:zz' is known: durable-jobs failures lists/,
    )
    expect(await cli.refused(2, ['failures', 'f1:'])).toMatch(
      /^'f1:' matches several failures \(f1:\w{12}, f1:\w{12}, f1:\w{12}\); type more characters/,
    )
    expect(await cli.refused(2, ['failures', '--order', 'oldest'])).toMatch(
      /'oldest' is invalid.*latest, most, newest/,
    )
  })
})

test('prints the next command only while runs are failed', async () => {
  const [, provider] = await listed()
  expect(await cli.ok('failures', provider?.fingerprint ?? '')).not.toContain('\nnext')
})

test('reports a store without failures', async () => {
  const empty = await commandLineWithStore()
  const finished = await empty.run(['failures'])
  expect(finished).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringMatching(/^no such failure in sqlite:/),
  })
})
