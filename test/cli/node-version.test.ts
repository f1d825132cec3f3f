import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeVersionProblem } from '../../runtime/model/node-version.ts'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'runtime/cli/main.ts')

test.each(['12.0.0', '18.20.4', '20.19.0', '22.0.0', '22.17.1'])('Node %s is too old', (version) => {
  expect(nodeVersionProblem(version)).toBe(
    `needs Node 22.18 or newer, this is Node ${version}; install a newer one from https://nodejs.org`,
  )
})

test.each(['22.18.0', '22.21.1', '24.0.0', '25.1.0', '26.0.0-nightly'])('Node %s will do', (version) => {
  expect(nodeVersionProblem(version)).toBe('')
})

test('the oldest Node is the one in package.json', () => {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    engines: { node: string }
  }
  expect(engines.node).toBe('>=22.18')
})

test('an old Node prints one line and loads nothing else', () => {
  const old = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })"
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(old)}`, main, 'runs'],
    { encoding: 'utf8' },
  )
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(/^durable-jobs: needs Node 22\.18 or newer, this is Node 20\.1\.0; .*\n$/)
  const imports = readFileSync(main, 'utf8').match(/^import .*$/gm)
  expect(imports).toEqual(["import { nodeVersionProblem } from '../model/node-version.ts'"])
})
