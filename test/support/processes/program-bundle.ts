import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { bundledPrograms, folderVariable } from './program-list.ts'

const root = join(import.meta.dirname, '../../..')
const own = join(root, `.test-bundles/programs-${process.pid}`)
/** Like an installed package: the command line distinguishes its own stack frames from a user's by the path. */
const folder = join(own, 'node_modules/durable-jobs')

function urlIn(parent: string, path: string): string {
  return JSON.stringify(pathToFileURL(join(parent, path)).href)
}

/** The thread is a file as in the sources: otherwise each process would compile the text from `npm run build` again. */
const leaseThreadFile: Plugin = {
  name: 'lease-thread-file',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/worker\/lease-thread-code\.ts$/ }, () => ({
      contents: `export const leaseThreadCode = { kind: 'file', url: new URL(${urlIn(folder, 'lease-thread.js')}) }`,
    }))
  },
}

/**
 * Bundles the programs that tests start, once for all tests of this run and from the current sources: a process that
 * loads some 350 files and strips their types takes at least twice the CPU time to start.
 */
export async function setup(): Promise<void> {
  // Another project of this run has built it.
  if (process.env[folderVariable] !== undefined) return
  await build({
    absWorkingDir: root,
    entryPoints: {
      ...Object.fromEntries(bundledPrograms.map((path) => [path.replace(/\.ts$/, ''), path])),
      sdk: 'sdk/index.ts',
      'lease-thread': 'runtime/worker/lease-thread.ts',
      // A separate program; the code that starts it expects it in its own folder, among the parts.
      'parts/demo-worker': 'runtime/cli/demo/demo-worker.ts',
    },
    outdir: folder,
    ...{ bundle: true, splitting: true, chunkNames: 'parts/[name]-[hash]' },
    ...{ platform: 'node', format: 'esm', target: 'node22.18' },
    define: { sdkSource: urlIn(root, 'sdk/index.ts'), sdkOfBundle: urlIn(folder, 'sdk.js') },
    // CommonJS packages load Node's modules by `require`.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    external: ['msgpackr', '@aws-sdk/*'],
    plugins: [leaseThreadFile],
    logLevel: 'warning',
  })
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  process.env[folderVariable] = folder
}

export function teardown(): void {
  rmSync(own, { recursive: true, force: true })
}
