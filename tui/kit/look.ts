import { type GlyphSet, glyphSets } from './glyphs.ts'

/** How things are drawn on this terminal. Colors aren't part of it: `start.ts` turns ink's off under NO_COLOR. */
export interface Look {
  readonly glyphs: GlyphSet
  readonly ascii: boolean
}

export function lookOf({ ascii }: { readonly ascii: boolean }): Look {
  return { ascii, glyphs: ascii ? glyphSets.ascii : glyphSets.unicode }
}

/** Whether a terminal of this locale shows more than ASCII. */
export function isUnicodeLocale(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || ''
  return /utf-?8/i.test(locale)
}
