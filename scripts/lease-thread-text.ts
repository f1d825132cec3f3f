import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Puts the lease thread and all it imports, ioredis too, into one text. */
export async function leaseThreadText(): Promise<{ readonly text: string; readonly metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
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
  const [thread] = outputFiles
  if (thread === undefined) throw new Error('esbuild wrote no lease thread')
  return { text: thread.text, metafile }
}

/** The module that a build has in place of runtime/worker/lease-thread-code.ts, which says why. */
export function leaseThreadModule(text: string): string {
  return `export const leaseThreadCode = ${JSON.stringify({ kind: 'text', text })}\n`
}
