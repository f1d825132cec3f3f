import type { Run, RunState } from '../../runtime/model/run.ts'

/** The marks of states: beside a word and a color, never alone. All of them take one column. */
export interface GlyphSet {
  readonly states: Readonly<Record<RunGlyph, string>>
  readonly cursor: string
  readonly mark: string
  readonly up: string
  readonly down: string
  readonly live: string
  readonly offline: string
  readonly leader: string
  readonly draining: string
  readonly lost: string
  readonly paused: string
  readonly separator: string
  readonly into: string
  readonly full: string
  readonly empty: string
  readonly critical: string
  readonly warning: string
  readonly notice: string
  readonly fine: string
  readonly ellipsis: string
}

/** States as shown: runs that wait do so for different reasons. */
export type RunGlyph = Exclude<RunState, 'waiting'> | 'sleeping' | 'retrying' | 'limited'

export const glyphSets: Readonly<Record<'unicode' | 'ascii', GlyphSet>> = {
  unicode: {
    states: {
      scheduled: '◷',
      ready: '○',
      running: '▶',
      sleeping: 'z',
      retrying: '↻',
      limited: '⧗',
      blocked: '■',
      cancelling: '◌',
      completed: '✔',
      failed: '✖',
      cancelled: '⊘',
      expired: '⊗',
    },
    ...{ cursor: '▸', mark: '*', up: '▲', down: '▼', live: '●', offline: '○', leader: '◆', draining: '◐' },
    ...{ lost: '☠', paused: '‖', separator: '│', into: '›', full: '▮', empty: '▯' },
    ...{ critical: '✖', warning: '!', notice: '·', fine: '✔', ellipsis: '…' },
  },
  ascii: {
    states: {
      scheduled: '@',
      ready: '.',
      running: '>',
      sleeping: 'z',
      retrying: 'r',
      limited: '%',
      blocked: '#',
      cancelling: '~',
      completed: '+',
      failed: 'x',
      cancelled: '/',
      expired: '-',
    },
    ...{ cursor: '>', mark: '*', up: '^', down: 'v', live: '*', offline: 'o', leader: 'L', draining: 'd' },
    ...{ lost: '!', paused: '=', separator: '|', into: '>', full: '#', empty: '-' },
    ...{ critical: 'x', warning: '!', notice: '-', fine: '+', ellipsis: '~' },
  },
}

export function runGlyph(run: Run): RunGlyph {
  if (run.state !== 'waiting') return run.state
  const { kind } = run.waitingFor
  return kind === 'limit' ? 'limited' : kind === 'retry' ? 'retrying' : 'sleeping'
}
