import type { GlyphSet } from './glyphs.ts'

/** Draws how much of a whole is taken. Any taken part is visible, and so is any free part. */
export function bar(
  taken: number,
  whole: number,
  { width, glyphs }: { readonly width: number; readonly glyphs: Pick<GlyphSet, 'full' | 'empty'> },
): string {
  const share = whole <= 0 ? 0 : Math.min(1, Math.max(0, taken / whole))
  const exact = Math.round(share * width)
  const full = share === 0 ? 0 : share === 1 ? width : Math.max(1, Math.min(width - 1, exact))
  return glyphs.full.repeat(full) + glyphs.empty.repeat(Math.max(0, width - full))
}
