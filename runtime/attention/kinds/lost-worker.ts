import { formatDuration } from '../../model/format-duration.ts'
import { exactly, type FindingKind } from '../finding-kind.ts'
import { command, countOf } from '../texts.ts'

/** Dead workers that still hold runs. A dead worker without runs needs no action. */
export const lostWorker: FindingKind = {
  kind: 'lost-worker',
  find: ({ overview: { now, workers, cut } }) =>
    workers.flatMap(({ name, lost, running, seenAgoMs, jobs }) => {
      if (!lost || running === 0) return []
      const rescuers = cut.includes('workers') || workers.some((worker) => !worker.lost)
      const what = rescuers ? 'other workers take them over' : 'no other worker is running to take them over'
      return [
        {
          subject: name,
          severity: rescuers ? 'warning' : 'critical',
          since: exactly(now - seenAgoMs),
          sentence:
            `Worker ${name} is dead, last seen ${formatDuration(seenAgoMs)} ago, ` +
            `and holds ${countOf(running, 'run')}; ${running === 1 ? what.replace('them', 'it') : what}.`,
          next: rescuers ? command('workers') : command('work', 'FILE'),
          filter: { worker: name, states: ['running', 'cancelling'] },
          related: { version: jobs.map((job) => job.name), worker: [name] },
        },
      ]
    }),
}
