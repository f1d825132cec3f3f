/** How well a text matches what was typed. */
export interface FuzzyMatch {
  /** Higher is better. */
  readonly score: number
  /** Indexes of the characters that were typed, in UTF-16 units: to be shown bold. */
  readonly positions: readonly number[]
}

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
 * from a step`. Returns a way to match that scores well, or undefined when there is none.
 */
export function fuzzyMatch(typed: string, text: string): FuzzyMatch | undefined {
  const wanted = fold(typed.replace(/\s+/g, ''))
  if (wanted === '') return { score: 0, positions: [] }
  const within = fold(text.slice(0, maxText))
  // best[j]: of ways to match what was typed so far whose last character is at j.
  let best: (Way | undefined)[] = Array.from(within, () => undefined)
  for (let i = 0; i < wanted.length; i++) best = nextWays(best, i, wanted, within, text)
  const found = best.reduce(
    (a, b) => (b !== undefined && (a === undefined || b.score > a.score) ? b : a),
    undefined,
  )
  return found && { score: found.score - within.length / maxText, positions: positionsOf(found) }
}

interface Way {
  readonly score: number
  readonly at: number
  readonly before: Way | undefined
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
  if (first) return { score: start + points.gap * Math.min(at, maxGap), at, before: undefined }
  const near = direct === undefined ? Number.NEGATIVE_INFINITY : direct.score + points.run
  const far = gapped === undefined ? Number.NEGATIVE_INFINITY : gapScore(gapped, at)
  if (direct === undefined && gapped === undefined) return undefined
  return { score: Math.max(near, far) + start, at, before: near >= far ? direct : gapped }
}

function gapScore(way: Way, at: number): number {
  return way.score + points.gap * Math.min(at - way.at - 1, maxGap)
}

function isWordStart(text: string, at: number): boolean {
  const before = text[at - 1] ?? ' '
  const here = text[at] ?? ''
  return /[^\p{L}\p{N}]/u.test(before) || (/\p{Ll}/u.test(before) && /\p{Lu}/u.test(here))
}

function positionsOf(way: Way): number[] {
  const positions: number[] = []
  for (let at: Way | undefined = way; at !== undefined; at = at.before) positions.push(at.at)
  return positions.reverse()
}

/** Lower case, unit by unit, so that positions hold: a letter whose lower case is longer stays as it is. */
function fold(text: string): string {
  const lower = text.toLowerCase()
  if (lower.length === text.length) return lower
  return Array.from({ length: text.length }, (_, i) => {
    const one = text.charAt(i).toLowerCase()
    return one.length === 1 ? one : text.charAt(i)
  }).join('')
}

export interface FuzzyItem<Item> {
  readonly item: Item
  readonly match: FuzzyMatch
}

/** Returns the items that match, the best first; equally good ones in their order. */
export function fuzzySort<Item>(
  typed: string,
  items: readonly Item[],
  textOf: (item: Item) => string,
): FuzzyItem<Item>[] {
  return items
    .flatMap((item): FuzzyItem<Item>[] => {
      const match = fuzzyMatch(typed, textOf(item))
      return match === undefined ? [] : [{ item, match }]
    })
    .sort((a, b) => (typed.trim() === '' ? 0 : b.match.score - a.match.score))
}
