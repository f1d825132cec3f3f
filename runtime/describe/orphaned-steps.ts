import { maxOrphans } from '../model/journal.ts'
import type { Run } from '../model/run.ts'
import type { Inspector } from '../store/store.ts'

const maxNamed = 3

/** Names the stored steps of a run that its code no longer calls, if any. */
export async function orphanSentences(
  run: Run,
  inspector: Pick<Inspector, 'journalOutline'>,
): Promise<string[]> {
  const { orphans = [] } = run
  if (orphans.length === 0) return []
  const named = await Promise.all(orphans.slice(0, maxNamed).map((at) => pathAt(run, at, inspector)))
  const names = named.filter((path) => path !== undefined).map((path) => `'${path}'`)
  // A retry has dropped the missing ones.
  if (names.length === 0) return []
  const more = orphans.length > maxNamed ? ', …' : ''
  const they = orphans.length === 1 ? 'It is' : 'They are'
  return [
    `${countText(orphans.length)} no longer in the code, as of its last execution: ${names.join(', ')}${more}. ` +
      `${they} kept but not used.`,
  ]
}

function countText(orphans: number): string {
  if (orphans === 1) return '1 stored step is'
  return `${orphans === maxOrphans ? 'At least ' : ''}${orphans} stored steps are`
}

async function pathAt(
  { id }: Run,
  position: number,
  inspector: Pick<Inspector, 'journalOutline'>,
): Promise<string | undefined> {
  const [entry] = await inspector.journalOutline(id, { after: position - 1, limit: 1 })
  return entry?.position === position ? entry.path : undefined
}
