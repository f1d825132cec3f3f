import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { build, type Format } from 'esbuild'
import { onTestFinished } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** From docs/deploy.md about esbuild's ESM: CommonJS code inside, such as ioredis, calls `require`. */
const requireBanner =
  "import { createRequire as requireOfBundle } from 'node:module'; const require = requireOfBundle(import.meta.url);"

/** Blocks its event loop until the file named by its input exists; reports its start. */
const app = `
  import { existsSync } from 'node:fs'
  import { defineJob } from './sdk/index.js'
  import { createWorker } from './runtime/index.js'
  const block = defineJob({ name: 'block' }, async ({ input, step }) =>
    step.run('block', () => {
      console.log('blocking')
      while (!existsSync(input)) {}
      return new Date(5)
    }))
  const [store, name] = process.argv.slice(2)
  const complain = (fields, text) => console.error(text, JSON.stringify(fields))
  const logger = { debug() {}, info: ({ port = '' }, text) => console.log(text, port), warn: complain, error: complain }
  const worker = createWorker({ jobs: [block], store: JSON.parse(store), name, logger, lease: '2s', healthPort: 0 })
  worker.run().then((code) => { process.exitCode = code })
`

/** Bundles a worker, with the built package and all it needs, into one file. */
export async function bundleWorker(
  format: Extract<Format, 'esm' | 'cjs'>,
  folder: string,
  banner: string = format === 'esm' ? requireBanner : '',
): Promise<string> {
  const file = join(folder, format === 'esm' ? 'worker.mjs' : 'worker.cjs')
  await build({
    stdin: { contents: app, resolveDir: join(root, 'dist') },
    ...{ bundle: true, platform: 'node', outfile: file, format, logLevel: 'error' },
    banner: { js: banner },
    // Only CommonJS has none, and nothing here needs it.
    logOverride: { 'empty-import-meta': 'silent' },
  })
  return file
}

/** A process of the bundle; killed with its test. */
export class BundledWorker {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  readonly exited: Promise<number | null>
  readonly #lines: string[] = []
  #stderr = ''
  #heard: () => void = () => undefined

  constructor(file: string, args: readonly string[], execArgv: readonly string[] = []) {
    // In its own folder, where no node_modules is.
    const cwd = dirname(file)
    this.process = spawn(process.execPath, [...execArgv, file, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    createInterface(this.process.stdout).on('line', (line) => {
      this.#lines.push(line)
      this.#heard()
    })
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.exited = once(this.process, 'close').then(([code]) => {
      this.#heard()
      return code as number | null
    })
    onTestFinished(() => void this.process.kill('SIGKILL'))
  }

  get stderr(): string {
    return this.#stderr
  }

  count(line: string): number {
    return this.#lines.filter((one) => one === line).length
  }

  /** Resolves to the rest of the first line that begins so. */
  async said(begin: string): Promise<string> {
    for (;;) {
      const line = this.#lines.find((one) => one.startsWith(begin))
      if (line !== undefined) return line.slice(begin.length)
      if (this.process.exitCode !== null) throw new Error(`ended before it said '${begin}': ${this.#stderr}`)
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
  }
}
