import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/*
 * Writes the Lua scripts of the Redis store into a module, so that bundlers and `npm pack` lose nothing.
 * `--check` changes nothing and fails when the module is older than the scripts.
 */
const folder = fileURLToPath(new URL('../runtime/store/redis/scripts/', import.meta.url))
const target = fileURLToPath(new URL('../runtime/store/redis/script-sources.ts', import.meta.url))

const names = readdirSync(folder).filter((name) => name.endsWith('.lua'))
const sources = names
  .sort()
  .map((name) => `  '${name.slice(0, -4)}': ${JSON.stringify(readFileSync(folder + name, 'utf8'))},`)
const text = `// Made by scripts/embed-scripts.ts from scripts/*.lua beside it; edit those.
export const scriptSources = {
${sources.join('\n')}
} as const
`

if (!process.argv.includes('--check')) writeFileSync(target, text)
else if (readFileSync(target, 'utf8') !== text) {
  console.error('runtime/store/redis/script-sources.ts is older than its scripts: npm run build:scripts')
  process.exitCode = 1
}
