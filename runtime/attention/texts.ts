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

const units = [
  ['d', 86_400_000, 'h', 3_600_000],
  ['h', 3_600_000, 'min', 60_000],
  ['min', 60_000, 's', 1_000],
] as const

/** A length of time inside a sentence: `830 ms`, `4.2 s`, `42 s`, `3 min 25 s`, `2 h`. */
export function durationText(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1).replace('.0', '')} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const whole = seconds * 1_000
  const [large, largeMs, small, smallMs] = units.find(([, unitMs]) => whole >= unitMs) ?? units[2]
  const rest = Math.floor((whole % largeMs) / smallMs)
  return `${Math.floor(whole / largeMs)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
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
