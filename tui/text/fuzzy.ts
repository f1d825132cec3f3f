const points = {
  /** Directly behind the character matched before. */
  run: 8,
  /** At the begin of a word. */
  wordStart: 7,
  textStart: 3,
  /** Per character that is passed over between two matched ones, up to `maxGap` of them. */
  gap: -1,
} as const
const maxGap = 8
/** Longer texts match by their begin: a palette shows no more of them. */
const maxText = 200

/**
 * Matches the characters of `typed`, whatever their case, in their order; spaces only part words, so `ret st` finds `retry
 * from a step`. Returns the score of a way to match that scores well, higher is better; undefined when there is none.
 */
function fuzzyScore(typed: string, text: string): number | undefined {
  const wanted = fold(typed.replace(/\s+/g, ''))
  if (wanted === '') return 0
  const within = fold(text.slice(0, maxText))
  // best[j]: of ways to match what was typed so far whose last character is at j.
  let best: (Way | undefined)[] = Array.from(within, () => undefined)
  for (let i = 0; i < wanted.length; i++) best = nextWays(best, i, wanted, within, text)
  const found = best.reduce(
    (a, b) => (b !== undefined && (a === undefined || b.score > a.score) ? b : a),
    undefined,
  )
  return found && found.score - within.length / maxText
}

interface Way {
  readonly score: number
  readonly at: number
}

function nextWays(
  best: readonly (Way | undefined)[],
  i: number,
  wanted: string,
  within: string,
  text: string,
): (Way | undefined)[] {
  const next: (Way | undefined)[] = []
  // The best way that ends before j - 1, with what its gap costs at j.
  let gapped: Way | undefined
  for (let j = 0; j < within.length; j++) {
    const direct = best[j - 1]
    if (within[j] === wanted[i]) next[j] = extend(i === 0, direct, gapped, j, text)
    if (direct !== undefined && (gapped === undefined || gapScore(direct, j) >= gapScore(gapped, j)))
      gapped = direct
  }
  return next
}

function extend(
  first: boolean,
  direct: Way | undefined,
  gapped: Way | undefined,
  at: number,
  text: string,
): Way | undefined {
  const start = (isWordStart(text, at) ? points.wordStart : 0) + (at === 0 ? points.textStart : 0)
  if (first) return { score: start + points.gap * Math.min(at, maxGap), at }
  const near = direct === undefined ? Number.NEGATIVE_INFINITY : direct.score + points.run
  const far = gapped === undefined ? Number.NEGATIVE_INFINITY : gapScore(gapped, at)
  if (direct === undefined && gapped === undefined) return undefined
  return { score: Math.max(near, far) + start, at }
}

function gapScore(way: Way, at: number): number {
  return way.score + points.gap * Math.min(at - way.at - 1, maxGap)
}

function isWordStart(text: string, at: number): boolean {
  const before = text[at - 1] ?? ' '
  const here = text[at] ?? ''
  return /[^\p{L}\p{N}]/u.test(before) || (/\p{Ll}/u.test(before) && /\p{Lu}/u.test(here))
}

/** Lower case, unit by unit, so that indexes hold: a letter whose lower case is longer stays as it is. */
function fold(text: string): string {
  const lower = text.toLowerCase()
  if (lower.length === text.length) return lower
  return Array.from({ length: text.length }, (_, i) => {
    const one = text.charAt(i).toLowerCase()
    return one.length === 1 ? one : text.charAt(i)
  }).join('')
}

/** Returns the items that match, the best first; equally good ones in their order. */
export function fuzzySort<Item>(
  typed: string,
  items: readonly Item[],
  textOf: (item: Item) => string,
): readonly Item[] {
  return items
    .flatMap((item) => {
      const score = fuzzyScore(typed, textOf(item))
      return score === undefined ? [] : [{ item, score }]
    })
    .sort((a, b) => b.score - a.score)
    .map(({ item }) => item)
}
