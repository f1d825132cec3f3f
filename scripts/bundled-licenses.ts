import { readdirSync, readFileSync } from 'node:fs'
import type { Metafile } from 'esbuild'

/** Returns the licenses of the packages that a bundle has in it; each asks to go with every copy. */
export function bundledLicenses(root: string, { inputs }: Metafile): string {
  const folders = Object.keys(inputs).flatMap(
    (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [],
  )
  const texts = [...new Set(folders)].sort().map((folder) => {
    const file = readdirSync(root + folder).find((name) => /^licen[cs]e/i.test(name))
    if (file === undefined) throw new Error(`${folder} has no license file`)
    return `${folder.slice('node_modules/'.length)}\n\n${readFileSync(`${root}${folder}/${file}`, 'utf8').trim()}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}
