/** Whether each word of a filter, as it was typed, stands somewhere in the texts; `!word` must stand in none. */
export function hasWords(texts: readonly string[], filter: string): boolean {
  const all = texts.join('\n').toLowerCase()
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  return words.every((word) =>
    word.length > 1 && word.startsWith('!') ? !all.includes(word.slice(1)) : all.includes(word),
  )
}
