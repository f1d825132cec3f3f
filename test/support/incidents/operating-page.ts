import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A part of docs/operating.md. */
export interface Section {
  readonly title: string
  /** Its blocks of commands, as they are typed. */
  readonly blocks: readonly (readonly string[])[]
  /** The keys of jobs-tui that it names, in the order in which they are pressed. */
  readonly keys: readonly string[]
}

const page = join(import.meta.dirname, '../../../docs/operating.md')

/** In the order of the page; the first one, without a title, is the text before the others. */
export function sections(): readonly Section[] {
  return readFileSync(page, 'utf8')
    .split(/^## /m)
    .map((text, i) => ({
      title: i === 0 ? '' : text.slice(0, text.indexOf('\n')),
      blocks: blocksOf(text),
      keys: keysOf(text),
    }))
}

/** @throws where the page has no such section. */
export function sectionOf(title: string): Section {
  const section = sections().find((one) => one.title === title)
  if (section === undefined) throw new Error(`docs/operating.md has no section '${title}'`)
  return section
}

function blocksOf(text: string): string[][] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block.trimEnd().split('\n'))
}

/** The code in its paragraph about jobs-tui that is no option. */
function keysOf(text: string): string[] {
  const [paragraph = ''] = /^In jobs-tui: [\s\S]*?(?=\n\n|$(?![\s\S]))/m.exec(text) ?? []
  return [...paragraph.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) =>
    code.startsWith('--') ? [] : [code],
  )
}

/** The words of a command, quoted as in a shell, with their placeholders filled in. */
export function wordsOf(command: string, filled: Readonly<Record<string, string>>): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => {
    const word = quoted ?? plain
    if (quoted !== undefined || !/^[A-Z]+$/.test(word)) return word
    // Words of Redis are in capitals, too.
    return filled[word] ?? word
  })
}
