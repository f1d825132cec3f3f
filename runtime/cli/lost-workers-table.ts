import { deathText } from '../model/death-cause.ts'
import type { LostWorker } from '../store/lost-workers.ts'
import { taskIdOf } from '../store/worker-report.ts'
import { paint, printTable } from './output.ts'
import { ago } from './run-text.ts'
import type { Column } from './table.ts'

const columns: readonly Column<LostWorker>[] = [
  { title: 'LOST WORKER', cell: ({ name }) => name, paint: (text) => paint('red', text) },
  { title: 'LOST', cell: ({ lostAt }) => ago(lostAt), align: 'right' },
  { title: 'RUNS', cell: ({ runs }) => runs, align: 'right' },
  {
    title: 'ENDED BY',
    cell: ({ death }) => (death === undefined ? 'not known' : deathText(death)),
    ...{ shrinks: true, least: 24 },
  },
  { title: 'TASK', cell: ({ taskArn }) => taskIdOf(taskArn), drops: 1 },
]

/** Prints the workers of ECS tasks that were lost within the last hour, and what ended their tasks. */
export function printLostWorkers(lost: readonly LostWorker[]): void {
  printTable(columns, lost)
}
