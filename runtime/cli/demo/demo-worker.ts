import { createLogger } from '../../worker/logger.ts'
import { createWorker } from '../../worker/worker.ts'
import { quietNodeWarnings } from '../quiet-warnings.ts'
import { appendEffect, type Effect } from './effects.ts'
import { importCandidates, type Tell } from './import-candidates.ts'

/** A message from a worker of the demo to the process that started it. */
export type WorkerMessage = { readonly kind: 'ready' } | ({ readonly kind: 'effect' } & Effect)

function send(message: WorkerMessage): void {
  process.send?.(message)
}

const tell: Tell = (folder, moment, path) => {
  const effect = { moment, path, pid: process.pid, at: Date.now() }
  appendEffect(folder.effects, effect)
  send({ kind: 'effect', ...effect })
}

quietNodeWarnings()
// The demo has ended; no reader is left.
process.on('disconnect', () => process.exit())
const [queue = ''] = process.argv.slice(2)
const worker = createWorker({
  jobs: [importCandidates(queue, tell)],
  queues: [queue],
  logger: createLogger({ stream: process.stderr, level: 'warn' }),
})
await worker.start()
send({ kind: 'ready' })
