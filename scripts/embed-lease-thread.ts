import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { bundledLicenses } from './bundled-licenses.ts'

/*
 * Part of `npm run build`: puts the lease thread and all it imports, ioredis too, into one text, and the text into
 * the module that starts it (runtime/worker/lease-thread-code.ts says why).
 */
const root = fileURLToPath(new URL('../', import.meta.url))
const target = `${root}dist/runtime/worker/lease-thread-code.js`

const built = await build({
  absWorkingDir: root,
  entryPoints: ['runtime/worker/lease-thread.ts'],
  ...{ bundle: true, write: false, metafile: true },
  // CommonJS, because a thread that is started from a text is.
  ...{ platform: 'node', format: 'cjs', target: 'node22.18' },
  // Names stay: they stand in stack traces.
  ...{ minifySyntax: true, minifyWhitespace: true, legalComments: 'none' },
  // Without the lookup of its optional native part, which would begin at the folder the process runs in.
  alias: { msgpackr: `${root}node_modules/msgpackr/index.js` },
  logLevel: 'warning',
})

const [thread] = built.outputFiles
if (thread === undefined) throw new Error('esbuild wrote no lease thread')
const code = { kind: 'text', text: thread.text }
writeFileSync(target, `export const leaseThreadCode = ${JSON.stringify(code)}\n`)
rmSync(`${target}.map`)
writeFileSync(`${root}dist/runtime/worker/lease-thread-licenses.txt`, bundledLicenses(root, built.metafile))
