/*
 * A worker process without a listener of its own for unhandled rejections: node unawaited-worker.ts STORE WHAT.
 * The neighbour's body ends only after the other runs have ended.
 */
import { setImmediate as macrotask } from 'node:timers/promises'
import { createLogger, createWorker } from '../../../runtime/index.ts'
import { connect, defineJob, FatalError, type StoreOptions } from '../../../sdk/index.ts'

const [store, what] = process.argv.slice(2) as [string, string]
const options = JSON.parse(store) as StoreOptions
const jobs = await connect(options)
const retry = false
const othersEnded = Promise.withResolvers<void>()
const refuse = (): never => {
  throw new FatalError('card refused')
}

const late = defineJob({ name: 'late' }, async ({ step }) => {
  const first = step.run('first', refuse, { retry })
  await step.run('second', () => macrotask())
  return first.catch(({ cause }: Error) => `handled: ${(cause as Error).message}`)
})

const forgotten = defineJob({ name: 'forgotten' }, ({ step }) => {
  void step.run('audit', refuse, { retry })
  void step.run('audit', refuse, { retry })
  void step.sleep('rest', 'soon' as '1s')
  void step.scope('part', refuse)
  return step.run('main', () => macrotask('done'))
})

const neighbour = defineJob({ name: 'neighbour' }, ({ step }) =>
  step.run('slow', async () => {
    await othersEnded.promise
    return 'fine'
  }),
)

/** Rejections that the process handles itself. */
const floating: Readonly<Record<string, () => unknown>> = {
  own: () => void Promise.reject(new Error('the fetch failed')),
  enqueue: () => void jobs.enqueue('no job' as never),
}

const derived = defineJob({ name: 'derived' }, async ({ step }) => {
  void step.run('first', refuse, { retry }).then(() => 'never')
  await step.run('second', () => macrotask())
  return othersEnded.promise
})

const worker = createWorker({
  store: options,
  jobs: [late, forgotten, neighbour, derived],
  logger: createLogger({ stream: process.stdout, level: 'error' }),
  handleSignals: false,
})
await worker.start()
if (what === 'steps') {
  const slow = await jobs.enqueue(neighbour)
  const ends = [await jobs.enqueue(late), await jobs.enqueue(forgotten)] as const
  const told = { late: await ends[0].result(), forgotten: await ends[1].result() }
  othersEnded.resolve()
  const result = await slow.result()
  const { losses } = await slow.status()
  console.log(JSON.stringify({ ...told, neighbour: { result, losses } }))
} else if (what === 'derived') {
  await (await jobs.enqueue(derived)).result()
} else if (what === 'listener') {
  process.on('unhandledRejection', (error) => {
    console.log((error as Error).message)
    othersEnded.resolve()
  })
  await (await jobs.enqueue(derived)).result()
} else {
  floating[what]?.()
  await macrotask()
  await macrotask()
}
await worker.stop({ timeout: 0 })
await jobs.close()
