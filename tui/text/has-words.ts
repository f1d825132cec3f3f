/** Returns whether each typed word of a filter is in one of the texts; `!word` must be in none. */
export function hasWords(texts: readonly string[], filter: string): boolean {
  const all = texts.join('\n').toLowerCase()
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  return words.every((word) =>
    word.length > 1 && word.startsWith('!') ? !all.includes(word.slice(1)) : all.includes(word),
  )
}
