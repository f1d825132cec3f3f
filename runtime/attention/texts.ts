/** Words that the sentences of findings share. */

const maxNamed = 3

export function countOf(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`
}

/** The first names of a list, and how many more there are. */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, maxNamed).join(', ')
  return names.length > maxNamed ? `${shown} and ${names.length - maxNamed} more` : shown
}

export function byAndWhy({ by, reason }: { readonly by: string; readonly reason?: string }): string {
  return reason === undefined ? by : `${by} (${reason})`
}

/** UTC; the day only where it's another one than that of `now`. */
export function clockText(at: number, now: number): string {
  const [day, rest = ''] = new Date(at).toISOString().split('T')
  const today = new Date(now).toISOString().startsWith(`${day}T`)
  return `${today ? '' : `${day} `}${rest.slice(0, 8)} UTC`
}

/** A command to type, its words quoted as a shell takes them. */
export function command(...words: readonly string[]): string {
  return ['durable-jobs', ...words].map(quoted).join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
