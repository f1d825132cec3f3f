import { textWidth } from '../../runtime/cli/plain-text.ts'

const alike: Readonly<Record<string, string>> = {
  '…': '~',
  '×': 'x',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '–': '-',
}

/** The text in ASCII alone, as wide as it was: what has no likeness, as in names of users, is a question mark. */
export function asciiText(text: string): string {
  return text.replace(
    /[^\u0020-\u007e]/gu,
    (character) => alike[character] ?? '?'.repeat(textWidth(character)),
  )
}
