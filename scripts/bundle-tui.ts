import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { bundledLicenses } from './bundled-licenses.ts'
import { leaseThreadModule, leaseThreadText } from './lease-thread-text.ts'

/*
 * Puts the TUI and all it imports into one folder: dist/tui in `npm run build`. ink and react are in there, so an app that
 * installs the package for its workers gets neither; and one file loads in half the time of their two hundred. What is
 * loaded on use (ink, each store, the demo) is a file of its own.
 */
const root = fileURLToPath(new URL('../', import.meta.url))

const embeddedLeaseThread: Plugin = {
  name: 'embedded-lease-thread',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/worker\/lease-thread-code\.ts$/ }, async () => ({
      contents: leaseThreadModule((await leaseThreadText()).text),
    }))
  },
}

/** ink asks for it only where the variable DEV is 'true'. */
const noDevtools: Plugin = {
  name: 'no-devtools',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: 'empty' }))
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {}' }))
  },
}

/** Resolves to the path of the program. */
export async function bundleTui(folder: string): Promise<string> {
  const built = await build({
    absWorkingDir: root,
    // The worker of the demo is a program of its own; the code that starts it looks for it beside itself, among the parts.
    entryPoints: { main: 'tui/main.ts', 'parts/demo-worker': 'tui/demo/demo-worker.ts' },
    outdir: folder,
    ...{ bundle: true, splitting: true, metafile: true, chunkNames: 'parts/[name]-[hash]' },
    ...{ platform: 'node', format: 'esm', target: 'node22.18', jsx: 'automatic' },
    ...{ minifySyntax: true, minifyWhitespace: true, legalComments: 'none' },
    // yoga-layout, in ink, would decode its own code by a request for a data: URL: without fetch, it decodes the text itself.
    define: { 'process.env.NODE_ENV': '"production"', fetch: 'undefined' },
    // CommonJS packages ask for Node's modules by `require`.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    // Without the lookup of its optional native part, which would begin at the folder the process runs in.
    alias: { msgpackr: `${root}node_modules/msgpackr/index.js` },
    plugins: [embeddedLeaseThread, noDevtools],
    logLevel: 'warning',
  })
  writeFileSync(`${folder}/licenses.txt`, bundledLicenses(root, built.metafile))
  return `${folder}/main.js`
}

if (import.meta.main) await bundleTui(`${root}dist/tui`)
