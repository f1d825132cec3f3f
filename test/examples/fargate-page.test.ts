import { execFile } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { compileAsInputs, compileWithSdk } from './compile-with-sdk.ts'
import { kit, repository, variables } from './fargate-kit.ts'

const run = promisify(execFile)
const page = readFileSync(join(repository, 'docs/fargate.md'), 'utf8')
const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code ?? '')
/** Everything that is done in AWS, in the order of the page. */
const script = blocks.filter((block) => /\baws |fill\(\)/.test(block)).join('\n')

/** A stub of `aws` and `docker`: records its arguments, and prints a text for commands that need one. */
const stub = `#!${process.execPath}
import { appendFileSync } from 'node:fs'
const [, file, ...args] = process.argv
appendFileSync(process.env.CALLS, JSON.stringify([file.split('/').pop(), ...args]) + '\\n')
if (args.includes('text')) console.log('printed')
`

/** Runs the page's commands in a copy of the kit; resolves to the calls of `aws` and `docker`. */
async function calls(): Promise<readonly (readonly string[])[]> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-page-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(kit, folder, { recursive: true })
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  writeFileSync(join(folder, 'kit.env'), settings.join('\n'))
  for (const name of ['aws', 'docker']) {
    writeFileSync(join(folder, name), stub)
    chmodSync(join(folder, name), 0o755)
  }
  const log = join(folder, 'calls')
  const path = [folder, dirname(process.execPath), process.env.PATH].join(delimiter)
  await run('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { PATH: path, CALLS: log },
  })
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as string[])
}

const optionsOf = (args: readonly string[]): readonly string[] =>
  args.filter((arg) => arg.startsWith('--')).map((arg) => arg.slice(2))
const camel = (text: string): string => text.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

test('the AWS commands of the page run in order, with every file filled in', async () => {
  const made = await calls()
  const json = /^(cli-input-json|(assume-role-)?policy-document)$/
  const documents = made.flatMap((args) =>
    args.filter((_, i) => json.test((args[i - 1] ?? '').replace('--', ''))),
  )
  expect(documents.length).toBeGreaterThan(8)
  for (const document of documents) expect(JSON.stringify(JSON.parse(document))).not.toMatch(/\$\{|undefined/)
  expect(made).toContainEqual(['docker', 'push', 'jobs-worker:2'])
})

test('the ecs commands of the page have options that the SDK knows', async () => {
  const own = ['query', 'output', 'cli-input-json']
  const expressions = (await calls())
    .filter(([program, service, operation]) => program === 'aws' && service === 'ecs' && operation !== 'wait')
    .flatMap(([, , operation = '', ...args]) => {
      const type = `${camel(`-${operation}`)}CommandInput`
      const keys = optionsOf(args).filter((option) => !own.includes(option))
      return keys.map((key) => ({ type, text: `('${camel(key)}' satisfies keyof ${type})` }))
    })
  expect(expressions.length).toBeGreaterThan(15)
  const types = expressions.map(({ type }) => type)
  const texts = expressions.map(({ text }) => text)
  expect(await compileWithSdk(types, texts)).toBe('')
})

test("the Spot strategy of the page matches the SDK's types", async () => {
  const [, strategy = ''] = /```json\n(.*?)```/s.exec(page) ?? []
  expect(await compileAsInputs({ 'CapacityProviderStrategyItem[]': strategy })).toBe('')
  expect(JSON.parse(strategy)).toHaveLength(2)
})

test('the package file that the page and the README install until the package is published has this version', () => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    version: string
  }
  const texts = [page, readFileSync(join(repository, 'README.md'), 'utf8')]
  for (const text of texts) {
    const named = text.match(/durable-jobs-[\d.]+\.tgz/g) ?? []
    expect(new Set(named)).toEqual(new Set([`durable-jobs-${version}.tgz`]))
  }
})

test('the page names every file of the kit', () => {
  const files = readdirSync(kit, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(10)
  for (const { name } of files) expect(page).toContain(`\`${name}\``)
})
