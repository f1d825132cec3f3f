import type { Command } from 'commander'
import { durationToken } from '../../describe/duration-token.ts'
import { byAndWhy } from '../../describe/manual-action.ts'
import type { QueueInfo } from '../../store/store.ts'
import { withConnection } from '../connection.ts'
import { paint, printJson, printTable, remark } from '../output.ts'
import { ago } from '../run-text.ts'
import { addSharedOptions, explainJson, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'

const states = ['ready', 'running', 'waiting', 'scheduled', 'blocked', 'cancelling'] as const

/** The order in which columns are dropped on a narrow screen. */
const dropOrder = ['cancelling', 'scheduled', 'running', 'waiting', 'blocked'] as const

const columns = (queues: readonly QueueInfo[]): readonly Column<QueueInfo>[] => [
  { title: 'QUEUE', cell: (queue) => queue.name },
  ...states.map(
    (state): Column<QueueInfo> => ({
      title: state.toUpperCase(),
      align: 'right',
      cell: (queue) => queue.counts[state],
      ...(state === 'ready' ? {} : { drops: dropsAs(state, queues) }),
    }),
  ),
  {
    title: 'OLDEST READY',
    align: 'right',
    cell: ({ oldestReadyMs }) => (oldestReadyMs === undefined ? '' : durationToken(oldestReadyMs)),
    drops: 2 * dropOrder.length,
  },
  {
    title: 'PAUSED',
    cell: ({ paused }) => (paused === undefined ? '' : `by ${byAndWhy(paused)} (${ago(paused.at)})`),
    paint: (text) => paint('yellow', text),
    shrinks: true,
  },
]

/** A column of zeros is dropped before all others. */
function dropsAs(state: (typeof dropOrder)[number], queues: readonly QueueInfo[]): number {
  const isEmpty = queues.every(({ counts }) => counts[state] === 0)
  return dropOrder.indexOf(state) + (isEmpty ? 0 : dropOrder.length)
}

export function addQueues(program: Command): void {
  const command = program.command('queues').description('list queues that hold live runs or are paused')
  addSharedOptions(command, '{ queues: [QUEUE] }').action(listQueues)
  explainJson(command, 'QUEUE: name, counts { state: number }, oldestReadyMs?, paused? { by, reason?, at }')
}

async function listQueues(options: SharedOptions): Promise<void> {
  await withConnection(options, async ({ inspector }) => {
    const queues = await inspector.queues()
    if (options.json) return printJson({ queues })
    if (queues.length > 0) printTable(columns(queues), queues)
    else remark(`no live run and no paused queue in ${inspector.address}`)
  })
}
