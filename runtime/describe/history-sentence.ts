import type { HistoryEntry } from '../store/store.ts'

const verbs: Readonly<Record<HistoryEntry['kind'], string>> = {
  lost: 'lost its worker',
  cut: 'the loss is taken back: its worker is alive',
  explained: 'the loss is explained: worker',
  released: 'handed back by its worker',
  cancel: 'told to stop',
  retry: 'retried',
  blocked: 'blocked',
  unblocked: 'unblocked',
  poisoned: 'failed as poisoned',
  repaired: 'repaired',
}

/** Returns an event of a run besides its steps, without the time: `lost its worker w1: its lease expired`. */
export function historySentence({ kind, worker, by, reason }: HistoryEntry): string {
  return [
    verbs[kind],
    worker === undefined ? '' : kind === 'blocked' ? ` on ${worker}` : ` ${worker}`,
    by === undefined ? '' : ` by ${by}`,
    reason === undefined ? '' : `: ${reason}`,
  ].join('')
}
