import type { Run } from '../../../runtime/model/run.ts'
import type { Inspector } from '../../../runtime/store/store.ts'
import type { ReadRequest } from '../screen.ts'

/** What Workers has read beside the overview: the runs in hand of the worker under the cursor. */
export interface WorkersData {
  readonly worker: string
  /** Those it has held for the longest, at most `maxHeld`. */
  readonly held: readonly Run[]
  readonly isWhole: boolean
}

const maxHeld = 50

export async function loadHeld(
  inspector: Pick<Inspector, 'runs'>,
  { current: worker = '' }: Pick<ReadRequest, 'current'>,
): Promise<WorkersData> {
  if (worker === '') return { worker, held: [], isWhole: true }
  const states = ['running', 'cancelling'] as const
  const { runs, cursor } = await inspector.runs({ worker, states, order: 'longest', limit: maxHeld })
  return { worker, held: runs, isWhole: cursor === undefined }
}
