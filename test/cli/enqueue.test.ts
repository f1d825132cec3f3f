import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CommandLine, jobFile, jsonError, ownCommandLine, sdk } from './command-line.ts'

interface ShownRun {
  readonly run: Readonly<Record<string, unknown>>
}

describe('enqueue', () => {
  test('prints only the id, and stores the input as the schema parsed it', async () => {
    const cli = ownCommandLine()
    const id = (await cli.ok('enqueue', jobFile, 'import-file', '{"file":"a.csv"}')).trimEnd()
    expect(id).toMatch(/^[0-9a-z]{26}$/)
    const { run } = await cli.json<ShownRun>('show', id)
    expect(run).toMatchObject({
      id,
      state: 'ready',
      input: { file: 'a.csv', rows: 2 },
      tags: [],
      headers: {},
    })
  })

  test('accepts every option of the client', async () => {
    const cli = ownCommandLine()
    const options = ['--id', 'mine', '--delay', '2h', '--priority', '7', '--expires-in', '1d']
    const many = ['--tag', 'a', '--tag', 'b', '--header', 'trace=1=2', '--header', 'user=ana']
    expect(await cli.json('enqueue', jobFile, 'silent', ...options, ...many)).toEqual({
      id: 'mine',
      outcome: 'created',
    })
    const { run } = await cli.json<ShownRun>('show', 'mine')
    const headers = { trace: '1=2', user: 'ana' }
    expect(run).toMatchObject({ state: 'scheduled', priority: 7, tags: ['a', 'b'], headers, input: null })
    expect((run.dueAt as number) - (run.enqueuedAt as number)).toBe(2 * 3_600_000)
  })

  test('--at takes an instant and excludes --delay', async () => {
    const cli = ownCommandLine()
    await cli.ok('enqueue', jobFile, 'silent', '--id', 'later', '--at', '2100-01-31T09:00:00Z')
    const { run } = await cli.json<ShownRun>('show', 'later')
    expect(run.dueAt).toBe(Date.UTC(2100, 0, 31, 9))
    const both = ['enqueue', jobFile, 'silent', '--at', '2100-01-31', '--delay', '1s']
    expect(await cli.refused(2, both)).toContain(
      "'--delay <duration>' cannot be used with option '--at <time>'",
    )
  })

  test('the same id and input joins; another input is a conflict', async () => {
    const cli = ownCommandLine()
    const enqueue = (file: string): string[] => ['enqueue', jobFile, 'import-file', file, '--id', 'one']
    await cli.ok(...enqueue('{"file":"a.csv"}'))
    expect(await cli.run(enqueue('{"file":"a.csv"}'))).toEqual({
      code: 0,
      stdout: 'one\n',
      stderr: 'joined an existing run; no new run was created\n',
    })
    expect(await cli.json(...enqueue('{"file":"a.csv"}'))).toEqual({ id: 'one', outcome: 'joined' })
    expect(await cli.refused(1, enqueue('{"file":"b.csv"}'))).toBe(
      "run 'one' exists with another job or input; use another id, or the same input to join it",
    )
  })
})

describe('enqueue of bad input stores nothing', () => {
  const cli = new CommandLine()
  afterAll(() => cli.dispose())
  const noStore = (): void => expect(existsSync(join(cli.folder, '.durable-jobs'))).toBe(false)

  test('an unknown job: suggests a name and lists the known ones', async () => {
    expect(await cli.refused(1, ['enqueue', jobFile, 'import-fil'])).toBe(
      `${jobFile} exports no job 'import-fil' (Did you mean import-file?); it exports: import-file, silent, slow`,
    )
    expect((await jsonError(cli, ['enqueue', jobFile, 'nothing-like-it'])).code).toBe('UNKNOWN_JOB')
    noStore()
  })

  test('input that isn’t JSON', async () => {
    const message = await cli.refused(2, ['enqueue', jobFile, 'import-file', '{file:a.csv}'])
    expect(message).toMatch(
      /^the input is not JSON: .*; write single quotes around it and double quotes inside/,
    )
    noStore()
  })

  test('wrong option values', async () => {
    const refused = (...options: string[]): Promise<string> =>
      cli.refused(2, ['enqueue', jobFile, 'silent', ...options])
    expect(await refused('--delay', 'soon')).toContain("Write a duration such as '250ms', '10s'")
    expect(await refused('--priority', '5000')).toContain('Write a whole number from -1000 to 1000.')
    expect(await refused('--at', 'tomorrow')).toContain("Write a time such as '2030-01-31T09:00:00Z'")
    expect(await refused('--header', 'trace')).toContain("Write 'key=value'.")
    noStore()
    expect(await refused('--id', 'a b')).toContain('use 1 to 200 letters, digits and')
  })

  test('input that doesn’t match the schema', async () => {
    expect(await cli.refused(1, ['enqueue', jobFile, 'import-file', '{"file":7}'])).toBe(
      "the input of job 'import-file' does not fit its schema: input.file: Invalid input: expected string, received number",
    )
    expect(await cli.refused(1, ['enqueue', jobFile, 'import-file'])).toContain(
      "none was given; add it as JSON after 'import-file'",
    )
    noStore()
  })
})

describe('enqueue --wait', () => {
  const cli = new CommandLine()
  beforeAll(async () => {
    await cli.work(jobFile)
  })
  afterAll(() => cli.dispose())

  test('prints the id, then the result', async () => {
    const stdout = await cli.ok('enqueue', jobFile, 'import-file', '{"file":"a.csv"}', '--id', 'a', '--wait')
    expect(stdout).toBe('a\n{ rows: 2, at: 1970-01-01T00:00:00.000Z, total: 10n }\n')
  })

  test('as JSON: types that JSON lacks become their nearest form, undefined becomes null', async () => {
    const run = ['enqueue', jobFile, 'import-file', '{"file":"a.csv"}', '--id', 'b', '--wait']
    const output = { rows: 2, at: '1970-01-01T00:00:00.000Z', total: '10' }
    expect(await cli.json(...run)).toEqual({ id: 'b', outcome: 'created', output })
    const silent = ['enqueue', jobFile, 'silent', '--id', 'c', '--wait']
    expect(await cli.json(...silent)).toEqual({ id: 'c', outcome: 'created', output: null })
  })

  test('a failed run or a timeout: exit 1 and the reason', async () => {
    const failing = ['enqueue', jobFile, 'import-file', '{"file":"bad.csv"}', '--id', 'd', '--wait']
    expect(await cli.run(failing)).toEqual({
      code: 1,
      stdout: 'd\n',
      stderr: "durable-jobs: run 'd' failed: step 'check' failed after 2 attempts: row 7 has no email\n",
    })
    const slow = ['enqueue', jobFile, 'slow', '--id', 'e', '--timeout', '10ms', '--json']
    const finished = await cli.run(slow)
    expect(finished).toMatchObject({ code: 1, stdout: '' })
    expect(JSON.parse(finished.stderr)).toMatchObject({ error: { code: 'RESULT_TIMEOUT' } })
  })
})

test('a job file beside a package.json without a type prints no warning', async () => {
  const cli = ownCommandLine()
  cli.write('package.json', '{}')
  const source = `import { defineJob } from '${sdk}'
export const list = [defineJob({ name: 'listed' }, async () => 1)]
export default { a: defineJob({ name: 'collected' }, async () => 2) }`
  const [ts, js] = [cli.write('jobs.ts', source), cli.write('more.js', source)]
  for (const file of [ts, js]) {
    await cli.ok('enqueue', file, 'listed')
    await cli.ok('enqueue', file, 'collected')
  }
})
