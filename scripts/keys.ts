import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { keysPage } from './screens/keys-page.ts'

/* `npm run keys`: the page of keys, from the keymap. A test fails when it is older. */
writeFileSync(fileURLToPath(new URL('../docs/jobs-tui-keys.md', import.meta.url)), keysPage())
