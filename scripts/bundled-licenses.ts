import { readdirSync, readFileSync } from 'node:fs'
import type { Metafile } from 'esbuild'

/** Returns the licenses of the packages that a bundle has in it; each asks to go with every copy. */
export function bundledLicenses(root: string, { inputs }: Metafile): string {
  const folders = Object.keys(inputs).flatMap(
    (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [],
  )
  const texts = [...new Set(folders)]
    .sort()
    .map((folder) => `${folder.slice('node_modules/'.length)}\n\n${licenseOf(root + folder)}\n`)
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

/** Some packages only name it. */
function licenseOf(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name))
  if (file !== undefined) return readFileSync(`${folder}/${file}`, 'utf8').trim()
  const { license, author, repository } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as {
    license?: string
    author?: string | { name: string }
    repository?: { url: string }
  }
  if (license === undefined) throw new Error(`${folder} names no license`)
  const by = typeof author === 'object' ? author.name : author
  return [license, by, repository?.url].filter((part) => part !== undefined).join('\n')
}
