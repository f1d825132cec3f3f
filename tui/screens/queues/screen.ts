import { alarmCount } from '../../fleet/alarm-count.ts'
import { listLayout, zoomed } from '../../kit/list-layout.ts'
import type { Screen } from '../screen.ts'
import { loadQueues, type QueuesData } from './queues-data.ts'
import { queueRows } from './rows.ts'
import { QueuesView } from './view.tsx'

/** The content of each queue, how fast workers take from it, and what delays its runs. */
export const queues: Screen<QueuesData> = {
  name: 'queues',
  title: 'Queues',
  short: 'Queue',
  panes: ['list'],
  filterHint: 'part of a queue, of one of its jobs, or paused, held, working, ready, idle',
  sorts: [
    { column: 'oldest ready', title: 'age of the oldest ready run' },
    { column: 'ready', title: 'ready runs' },
    { column: 'failed', title: 'failed runs' },
    { column: 'rate', title: 'rate' },
    { column: 'name', title: 'name' },
  ],
  read: {
    everyMs: 2_000,
    followsCursor: true,
    load: ({ inspector }, request, before) => loadQueues(inspector, request, before),
  },
  rows: queueRows,
  height: (input) => listLayout(input).listHeight,
  toggles: { zoom: zoomed },
  alarms: (fleet) => alarmCount(fleet, ({ kind }) => kind === 'paused-queue'),
  json: (input) => ({
    range: input.range,
    queues: queueRows(input).map(({ id, counts, oldestReadyMs, perSecond, paused, held, slots }) => ({
      ...{ name: id, counts, oldestReadyMs, perSecond, paused, slots },
      held: held.map(({ of, why }) => ({ ...of, why })),
    })),
  }),
  View: QueuesView,
}
