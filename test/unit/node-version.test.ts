import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const line =
  'durable-jobs: needs Node 22.18 or newer, this is Node 22.10.0; install a newer one from https://nodejs.org'

/** The output of a process that reports Node 22.10, for the error of `call`. */
function failureOf(call: string): unknown {
  const old =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.10.0' } });" +
    // Node 22.10 has no node:sqlite without a flag.
    "const { getBuiltinModule } = process; process.getBuiltinModule = (name) => name === 'node:sqlite' ? undefined : getBuiltinModule(name)"
  const script = `
    import * as sdk from ${JSON.stringify(join(root, 'sdk/index.ts'))}
    import * as runtime from ${JSON.stringify(join(root, 'runtime/index.ts'))}
    const { name, code, message } = await (async () => ${call})().catch((error) => error)
    console.log(JSON.stringify({ name, code, message }))`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(old)}`, '--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  )
  return stdout === '' ? stderr : JSON.parse(stdout)
}

test.each([
  "sdk.connect('sqlite:/nowhere/jobs.db')",
  "sdk.connect('redis://127.0.0.1:1')",
  'runtime.createWorker({ jobs: [] })',
  'sdk.defineJob({}, () => 1)',
  'sdk.limits.concurrency({})',
])(
  'an old Node gets the command line’s message from %s',
  (call) => {
    expect(failureOf(call)).toEqual({ name: 'NodeVersionError', code: 'NODE_VERSION', message: line })
  },
  30_000,
)
