import type { RunGlyph } from './glyphs.ts'

/** The meaning of a text besides its words. The 16 colors of a terminal, which follow its own theme. */
export type Tone = 'plain' | 'dim' | 'good' | 'bad' | 'warn' | 'busy' | 'info' | 'title' | 'key'

/** What ink's Text is told for each. */
export const toneStyles: Readonly<
  Record<Tone, { readonly color?: string; readonly dimColor?: true; readonly bold?: true }>
> = {
  plain: {},
  dim: { dimColor: true },
  good: { color: 'green' },
  bad: { color: 'red' },
  warn: { color: 'yellow' },
  busy: { color: 'cyan' },
  info: { color: 'blue' },
  title: { bold: true },
  key: { color: 'cyan', bold: true },
}

export const stateTones: Readonly<Record<RunGlyph, Tone>> = {
  scheduled: 'dim',
  ready: 'plain',
  running: 'busy',
  sleeping: 'dim',
  retrying: 'warn',
  limited: 'warn',
  blocked: 'bad',
  cancelling: 'warn',
  completed: 'good',
  failed: 'bad',
  cancelled: 'dim',
  expired: 'warn',
}
