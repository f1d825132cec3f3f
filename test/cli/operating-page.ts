import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A part of docs/operating.md: its blocks of commands, as they are typed. */
export interface Section {
  readonly title: string
  readonly blocks: readonly (readonly string[])[]
}

const page = join(import.meta.dirname, '../../docs/operating.md')

/** In the order of the page; the first one, without a title, is what stands before the others. */
export function sections(): readonly Section[] {
  return readFileSync(page, 'utf8')
    .split(/^## /m)
    .map((text, i) => ({ title: i === 0 ? '' : text.slice(0, text.indexOf('\n')), blocks: blocksOf(text) }))
}

function blocksOf(text: string): string[][] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block.trimEnd().split('\n'))
}

/** The words of a command, quoted as a shell takes them, with their capitals filled in. */
export function wordsOf(command: string, filled: Readonly<Record<string, string>>): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => {
    const word = quoted ?? plain
    if (quoted !== undefined || !/^[A-Z]+$/.test(word)) return word
    // Words of Redis are in capitals, too.
    return filled[word] ?? word
  })
}
