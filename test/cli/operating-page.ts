import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An incident as docs/operating.md tells of it: commands as they are typed. */
export interface Section {
  readonly title: string
  /** The command that shows the cause. */
  readonly shows: string
  /** Those that cure it. */
  readonly cures: readonly string[]
}

const page = join(import.meta.dirname, '../../docs/operating.md')

/** Lines of the blocks of commands in a part of the page. */
function blocksOf(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block.trimEnd().split('\n'))
}

/** Commands before the first incident. */
export function generalCommands(): readonly string[] {
  const [intro = ''] = readFileSync(page, 'utf8').split(/^## /m)
  return blocksOf(intro).flat()
}

/** One per incident, in the order of the page. */
export function sections(): readonly Section[] {
  const [, ...parts] = readFileSync(page, 'utf8').split(/^## /m)
  return parts.map((part) => {
    const title = part.slice(0, part.indexOf('\n'))
    const [shows = [], cures = [], ...others] = blocksOf(part)
    const [command, ...more] = shows
    if (command === undefined || more.length > 0 || others.length > 0) {
      throw new Error(`operating.md, '${title}': one command shows the cause, then one block cures it`)
    }
    return { title, shows: command, cures }
  })
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
