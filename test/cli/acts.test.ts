import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CommandLine, commandLineWithStore, jobFile, jsonError, ownCommandLine } from './command-line.ts'

interface ShowJson {
  readonly run: { readonly state: string; readonly by?: string; readonly reason?: string }
  readonly history: readonly Readonly<Record<string, unknown>>[]
}

describe('retry', () => {
  const cli = new CommandLine()
  beforeAll(async () => {
    const worker = await cli.work(jobFile)
    for (const file of ['bad', 'good']) {
      await cli.run(['enqueue', jobFile, 'import-file', `{"file":"${file}.csv"}`, '--id', file, '--wait'])
    }
    await worker.kill('SIGTERM')
  })
  afterAll(() => cli.dispose())
  const keeps = ['read', 'ask provider', 'insert[0]', 'insert[1]', 'charge']

  test('--dry-run prints what would run again and what would be retained, and changes nothing', async () => {
    expect(await cli.ok('retry', 'bad', '--dry-run')).toBe(
      [
        'run bad was not changed; a retry would',
        '  run again\n    check',
        `  keep\n${keeps.map((path) => `    ${path}`).join('\n')}\n`,
      ].join('\n'),
    )
    const plan = await cli.json('retry', 'bad', '--dry-run', '--from', 'read', '--run-again', 'charge')
    expect(plan).toEqual({ id: 'bad', dryRun: true, runsAgain: [...keeps, 'check'], keeps: [] })
    expect((await cli.json<ShowJson>('show', 'bad')).run.state).toBe('failed')
  })

  test('an at-most-once step runs again only when it is named', async () => {
    expect(await cli.refused(1, ['retry', 'bad', '--from', 'insert[1]'])).toBe(
      "run 'bad': this retry would run at-most-once steps again: charge; make sure that their effect did not happen, then name them in --run-again",
    )
  })

  test('an unknown step: lists the known ones', async () => {
    expect(await cli.refused(1, ['retry', 'bad', '--from', 'chek'])).toBe(
      `run 'bad' has stored no step 'chek'; it has: ${keeps.join(', ')}, check`,
    )
  })

  test('a completed and an unknown run: exit 1', async () => {
    expect(await cli.refused(1, ['retry', 'good'])).toBe(
      "run 'good' is completed; only a failed, cancelled, expired or blocked run can be retried",
    )
    expect((await jsonError(cli, ['retry', 'nothing'])).code).toBe('UNKNOWN_RUN')
  })

  test('makes the run ready again and records who retried it and why', async () => {
    const who = ['--by', 'ana', '--reason', 'the file is mended']
    expect(await cli.ok('retry', 'bad', ...who)).toMatch(
      /^run bad is ready again; it will\n {2}run again\n {4}check\n/,
    )
    const { run, history } = await cli.json<ShowJson>('show', 'bad')
    expect(run.state).toBe('ready')
    expect(history).toEqual([
      { at: expect.any(Number), kind: 'retry', by: 'ana', reason: 'the file is mended' },
    ])
    const text = await cli.ok('show', 'bad')
    expect(text).toMatch(/\nHISTORY +WHEN +BY +WORKER +REASON\nretry .* ago +ana +the file is mended\n/)
  })
})

describe('cancel and remove', () => {
  test('a run must have ended before it is removed', async () => {
    const cli = ownCommandLine()
    await cli.ok('enqueue', jobFile, 'slow', '--id', 'one')
    expect(await cli.refused(1, ['remove', 'one'])).toBe(
      "run 'one' is ready; cancel it first, then remove it",
    )
    expect(await cli.ok('cancel', 'one', '--by', 'ana', '--reason', 'not needed')).toBe(
      'run one is cancelled\n',
    )
    const { run } = await cli.json<ShowJson>('show', 'one')
    expect(run).toMatchObject({ state: 'cancelled', by: 'ana', reason: 'not needed' })
    expect(await cli.ok('show', 'one')).toMatch(/^because {3}by ana: not needed$/m)
    expect(await cli.json('cancel', 'one')).toEqual({ id: 'one', state: 'cancelled' })
    expect(await cli.ok('remove', 'one')).toBe('run one is removed\n')
    expect(await cli.json('runs')).toEqual({ runs: [], looked: 0 })
  })

  test('without --by the operator is the user at this host', async () => {
    const cli = ownCommandLine()
    await cli.ok('enqueue', jobFile, 'slow', '--id', 'one')
    await cli.ok('cancel', 'one')
    expect((await cli.json<ShowJson>('show', 'one')).run.by).toMatch(/^.+@.+$/)
    expect(await cli.json('remove', 'one')).toEqual({ id: 'one', removed: true })
  })

  test('an unknown run: exit 1', async () => {
    const cli = await commandLineWithStore()
    for (const command of ['cancel', 'remove']) {
      expect((await jsonError(cli, [command, 'nothing'])).code).toBe('UNKNOWN_RUN')
    }
  })
})
