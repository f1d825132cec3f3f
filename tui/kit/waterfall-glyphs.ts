import type { HistoryEntry } from '../../runtime/store/store.ts'
import type { WaterfallSpanKind } from './waterfall-span.ts'

/** The signs of a waterfall; each one column wide and told apart without colour. */
export interface WaterfallGlyphs {
  /** Fills a span. */
  readonly span: Readonly<Record<WaterfallSpanKind, string>>
  /** The growing end of what runs now. */
  readonly tip: string
  /** Before a row, by the last span of a step that has no end. */
  readonly state: Readonly<Record<WaterfallSpanKind, string>>
  readonly mark: Readonly<Record<HistoryEntry['kind'], string>>
  /** Over a wait that is drawn shorter than it was. */
  readonly cut: string
  /** Of a text that is cut. */
  readonly ellipsis: string
}

const unicode: WaterfallGlyphs = {
  span: {
    done: '█',
    retried: '▚',
    failed: '▓',
    open: '█',
    broken: '▞',
    sleep: '░',
    pause: '·',
    limit: '≋',
    'held up': '╌',
    queued: '○',
    held: '─',
    blocked: '■',
    steps: '─',
  },
  tip: '▶',
  state: {
    done: '✔',
    retried: '↻',
    failed: '✖',
    open: '▶',
    broken: '?',
    sleep: 'z',
    pause: '↻',
    limit: '⧗',
    'held up': '◌',
    queued: '○',
    held: '▶',
    blocked: '■',
    steps: ' ',
  },
  mark: {
    lost: '☠',
    cut: '◇',
    explained: '†',
    released: '↷',
    cancel: '⊘',
    retry: '↻',
    blocked: '■',
    unblocked: '□',
    poisoned: '✖',
    repaired: '◆',
  },
  cut: '/',
  ellipsis: '…',
}

const ascii: WaterfallGlyphs = {
  span: {
    done: '=',
    retried: 'x',
    failed: 'X',
    open: '=',
    broken: '?',
    sleep: 'z',
    pause: '.',
    limit: '%',
    'held up': ',',
    queued: 'o',
    held: '-',
    blocked: '#',
    steps: '-',
  },
  tip: '>',
  state: {
    done: '+',
    retried: 'r',
    failed: 'x',
    open: '>',
    broken: '?',
    sleep: 'z',
    pause: 'r',
    limit: '%',
    'held up': ',',
    queued: '.',
    held: '>',
    blocked: '#',
    steps: ' ',
  },
  mark: {
    lost: '!',
    cut: '*',
    explained: 'i',
    released: '^',
    cancel: '/',
    retry: 'r',
    blocked: '#',
    unblocked: '_',
    poisoned: 'x',
    repaired: '+',
  },
  cut: ':',
  ellipsis: '~',
}

export const waterfallGlyphs: Readonly<Record<'unicode' | 'ascii', WaterfallGlyphs>> = { unicode, ascii }
