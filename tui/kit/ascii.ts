import { textWidth } from '../../runtime/cli/plain-text.ts'

const near: Readonly<Record<string, string>> = {
  ...{ '…': '~', '’': "'", '‘': "'", '“': '"', '”': '"', '–': '-', '—': '-', '─': '-', '│': '|' },
  ...{ '×': 'x', '→': '>', '←': '<', '↑': '^', '↓': 'v', '›': '>', '·': '.', '•': '*' },
}

/** As many columns of ASCII: what has no near letter is a question mark. */
export function asciiText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the range
  if (/^[\x00-\x7f]*$/.test(text)) return text
  return Array.from(text, (character) =>
    character <= '\x7f' ? character : (near[character] ?? '?'.repeat(textWidth(character))),
  ).join('')
}
