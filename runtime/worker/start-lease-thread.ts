import { Worker as Thread, type WorkerOptions as ThreadOptions } from 'node:worker_threads'
import { HealthPortError, LeaseThreadError } from '../model/errors.ts'
import { messageOf } from '../model/thrown.ts'
import type { FromLeaseThread, LeaseThreadData, ToLeaseThread } from './lease-messages.ts'
import { leaseThreadCode } from './lease-thread-code.ts'

/** A lease thread that came up: it serves the health port, if there is one, and renews the lease it is told to. */
export interface RunningLeaseThread {
  readonly healthPort: number | undefined
  /** Does nothing once the thread has ended. */
  post(message: ToLeaseThread): void
  /** Resolves when the thread has ended, with the reason: one was sent `stop`, the others died. */
  readonly ended: Promise<Error>
  /** Ends it at any point; `ended` resolves then. */
  terminate(): void
}

/**
 * Starts a lease thread and resolves when it is up; `onMessage` gets its messages from then on.
 * @throws LeaseThreadError when it ends before that, HealthPortError when it can't serve its port.
 */
export async function startLeaseThread(
  data: LeaseThreadData,
  onMessage: (message: FromLeaseThread) => void,
): Promise<RunningLeaseThread> {
  const thread = spawn(data)
  let failure: Error | undefined
  thread.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error))
  })
  const ended = new Promise<Error>((resolve) => {
    thread.once('exit', (code) => resolve(failure ?? new Error(`it ended with exit code ${code}`)))
  })
  const healthPort = await new Promise<number | undefined>((resolve, reject) => {
    thread.on('message', (message: FromLeaseThread) => {
      if (message.kind === 'up') resolve(message.healthPort)
      else if (message.kind === 'health port taken')
        failure = new HealthPortError(message.port, message.reason)
      else onMessage(message)
    })
    void ended.then((why) => reject(why instanceof HealthPortError ? why : cannotStart(why)))
  })
  return {
    healthPort,
    ended,
    post: (message) => thread.postMessage(message),
    terminate: () => void thread.terminate(),
  }
}

function spawn(workerData: LeaseThreadData): Thread {
  const options: ThreadOptions = { workerData, execArgv: ['--disable-warning=ExperimentalWarning'] }
  try {
    return leaseThreadCode.kind === 'file'
      ? new Thread(leaseThreadCode.url, options)
      : new Thread(leaseThreadCode.text, { ...options, eval: true })
  } catch (error) {
    throw cannotStart(error)
  }
}

function cannotStart(cause: unknown): LeaseThreadError {
  return new LeaseThreadError(
    `the thread that renews the worker's lease can't start: ${messageOf(cause)}; a worker doesn't run without it. ` +
      'Let Node start worker threads (with --permission: --allow-worker), and check that what --require of ' +
      'NODE_OPTIONS loads can run in a thread too',
    { cause },
  )
}
