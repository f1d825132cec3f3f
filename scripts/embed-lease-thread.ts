import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundledLicenses } from './bundled-licenses.ts'
import { leaseThreadModule, leaseThreadText } from './lease-thread-text.ts'

/* Part of `npm run build`: puts the text of the lease thread into the module that starts it. */
const root = fileURLToPath(new URL('../', import.meta.url))
const target = `${root}dist/runtime/worker/lease-thread-code.js`

const { text, metafile } = await leaseThreadText()
writeFileSync(target, leaseThreadModule(text))
rmSync(`${target}.map`)
writeFileSync(`${root}dist/runtime/worker/lease-thread-licenses.txt`, bundledLicenses(root, metafile))
