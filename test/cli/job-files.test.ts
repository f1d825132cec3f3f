import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { CommandLine, ownCommandLine, sdk } from './command-line.ts'

const cli = new CommandLine()
afterAll(() => cli.dispose())
const head = `import { defineJob } from '${sdk}'\n`

function refusal(name: string, source: string): Promise<string> {
  return cli.refused(1, ['work', cli.write(name, source)])
}

describe('an unusable job file ends work and enqueue before the store is opened', () => {
  afterEach(() => expect(existsSync(join(cli.folder, '.durable-jobs'))).toBe(false))

  test('no such file', async () => {
    const remedy = 'no such file or folder; name a file that exports jobs, or a folder of such files'
    expect(await cli.refused(1, ['work', 'nothing.ts'])).toBe(`nothing.ts: ${remedy}`)
    expect(await cli.refused(1, ['enqueue', 'nothing.ts', 'job'])).toBe(`nothing.ts: ${remedy}`)
  })

  test('no job in a file or a folder', async () => {
    const remedy =
      "export the return value of defineJob: export const myJob = defineJob({ name: 'my-job' }, …)"
    expect(await refusal('none.ts', 'export const size = 1\nexport function help() {}')).toBe(
      `none.ts: exports no job (it exports: help, size); ${remedy}`,
    )
    cli.write('folder/a.ts', 'export {}')
    cli.write('folder/below/b.js', 'export {}')
    cli.write('folder/a.test.ts', 'throw new Error("a test is no job file")')
    expect(await cli.refused(1, ['work', 'folder'])).toBe(
      `folder: none of its files exports a job (checked folder/a.ts, folder/below/b.js); ${remedy}`,
    )
    cli.write('empty/readme.md', '')
    expect(await cli.refused(1, ['work', 'empty'])).toMatch(/^empty: no \.ts, \.mts, \.js or \.mjs file/)
  })

  test('two jobs with the same name', async () => {
    const job = (name: string): string => `export const ${name} = defineJob({ name: 'same' }, () => {})\n`
    const rename = 'rename one of them: jobs are identified by name'
    expect(await refusal('two.ts', head + job('a') + job('b'))).toBe(
      `two different jobs are named 'same': two.ts exports two; ${rename}`,
    )
    cli.write('one.ts', head + job('a'))
    cli.write('other.ts', head + job('a'))
    expect(await cli.refused(1, ['work', 'one.ts', 'other.ts'])).toBe(
      `two different jobs are named 'same': one.ts and other.ts each export one; ${rename}`,
    )
  })

  test('a syntax error: file and line, also in a file it imports', async () => {
    expect(await refusal('syntax.ts', 'export {}\n\nconst = 3')).toMatch(/^syntax\.ts:3: SyntaxError: /)
    expect(await refusal('syntax.js', 'export {}\n\nconst = 3')).toMatch(/^syntax\.js:3: SyntaxError: /)
    expect(await refusal('imports.ts', "import './syntax.ts'")).toMatch(
      /^imports\.ts: SyntaxError: .* \(at syntax\.ts:3\)$/,
    )
  })

  test('TypeScript that Node can’t strip', async () => {
    expect(await refusal('enum.ts', 'export {}\nenum Colour { Red }')).toBe(
      'enum.ts:2: SyntaxError: TypeScript enum is not supported in strip-only mode; Node only strips types: write it without, or compile the file first',
    )
    expect(await refusal('type.ts', `import { Job } from '${sdk}'\nexport const job: Job[] = []`)).toContain(
      "does not provide an export named 'Job'; a type is imported with 'import type'",
    )
  })

  test('an import that doesn’t resolve', async () => {
    cli.write('near.ts', 'export {}')
    expect(await refusal('no-ending.ts', "import './near'")).toMatch(
      /; import the file by its real name, with its extension: near\.ts$/,
    )
    expect(await refusal('package.ts', "import 'no-such-package'")).toMatch(
      /Cannot find package 'no-such-package'.*; install it in the project of the file$/,
    )
    expect(await refusal('data.json', '{}')).toMatch(/; a job file ends in \.ts, \.mts, \.js or \.mjs$/)
  })

  test('an error while it loads: file, line and message', async () => {
    expect(await refusal('throws.ts', "export {}\nthrow new RangeError('no\\nluck')")).toBe(
      'throws.ts:2: RangeError: no luck',
    )
    expect(await refusal('option.ts', `${head}defineJob({ name: 'a', retries: 3 }, () => {})`)).toBe(
      "option.ts:2: InvalidOptionsError: job 'a': unknown option 'retries'; known are name, version, input, queue, priority, retry, timeout, limits, schedule, unique, protect, onFailed",
    )
  })

  test('a file that never finishes loading', async () => {
    expect(await refusal('waits.ts', 'await new Promise(() => {})\nexport {}')).toBe(
      'waits.ts: its top-level await never settles',
    )
  })
})

test.each([
  ['the default address', [], '.durable-jobs/jobs.db'],
  ['--store', ['--store', 'sqlite:here.db'], 'here.db'],
])('a job file that changes the folder does not move the store of %s', async (_what, store, path) => {
  const own = ownCommandLine()
  own.write('elsewhere/empty.txt', '')
  const file = own.write(
    'moves.ts',
    `${head}process.chdir('elsewhere')\nexport const job = defineJob({ name: 'job' }, () => 'done')`,
  )
  const id = (await own.ok('enqueue', file, 'job', ...store)).trim()
  expect(existsSync(join(own.folder, path))).toBe(true)
  const worker = await own.work(file, ...store)
  await worker.said('a run left its slot')
  await worker.kill('SIGTERM')
  expect(await own.json('show', id, ...store)).toMatchObject({ run: { state: 'completed' } })
  expect(readdirSync(join(own.folder, 'elsewhere'))).toEqual(['empty.txt'])
})

test('reads all exports: lists, collections, and a re-export once', async () => {
  const own = ownCommandLine()
  own.write(
    'jobs/all.ts',
    `${head}const job = (name) => defineJob({ name }, () => {})
export const one = job('one')
export const list = [job('two'), 'no job']
export default { three: job('three') }`,
  )
  own.write('jobs/index.ts', "export { one } from './all.ts'")
  expect(await own.refused(1, ['enqueue', 'jobs', 'zero'])).toMatch(/it exports: three, two, one$/)
})
