import { createWorker } from '../../runtime/index.ts'
import { connect, defineJob, limits, RetryAfterError, type RunStateError } from '../../sdk/index.ts'

/*
 * A worker and a client whose store's clock the parent moves. It says `given` when everything is under way, `ended` with
 * the states of its runs, and from then on `tick` for each run of its schedule.
 */

// The parent has died: no other process would end this one.
process.on('disconnect', () => process.exit())

const [url = '', namespace = '', name = ''] = process.argv.slice(2)
const store = url.startsWith('redis') ? { url, namespace } : url
const ignore = (): undefined => undefined
const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore }
const lasts = '2s'

const plain = defineJob({ name: 'plain' }, () => 1)
const naps = defineJob({ name: 'naps' }, ({ step }) => step.sleep('nap', lasts))
const retries = defineJob({ name: 'retries' }, ({ run }) => {
  if (run.attempt === 1) throw new RetryAfterError(lasts)
})
const stepRetries = defineJob({ name: 'step-retries' }, ({ step }) =>
  step.run('once more', ({ attempt }) => {
    if (attempt === 1) throw new RetryAfterError(lasts)
  }),
)
const times = defineJob({ name: 'times', timeout: lasts, retry: false }, ({ step }) =>
  step.sleep('nap', '1d'),
)
const limiter = limits.slidingWindow({ name: `two seconds of ${name}`, limit: 1, window: lasts })
const limited = defineJob({ name: `limited-${name}`, limits: [limiter] }, () => 1)
const nobodys = defineJob({ name: 'nobodys' }, () => 1)
let tells = false
const ticks = defineJob(
  { name: `ticks-${name}`, schedule: { cron: '* * * * * *', overlap: 'allow' } },
  () => {
    if (tells) process.send?.({ kind: 'tick' })
  },
)

const jobs = await connect(store)
const worker = createWorker({
  ...{ jobs: [plain, naps, retries, stepRetries, times, limited, ticks], store, name },
  ...{ logger: quiet, handleSignals: false },
})
await worker.start()
const handles = [
  await jobs.enqueue(plain, undefined, { delay: lasts }),
  await jobs.enqueue(naps),
  await jobs.enqueue(retries),
  await jobs.enqueue(stepRetries),
  await jobs.enqueue(limited),
  await jobs.enqueue(limited),
]
const fails = [await jobs.enqueue(times), await jobs.enqueue(nobodys, undefined, { expiresIn: lasts })]
process.send?.({ kind: 'given' })

process.once('message', async () => {
  const timeout = '90s'
  const ends = await Promise.all([
    ...handles.map((handle) => handle.result({ timeout }).then(() => 'completed', String)),
    ...fails.map((handle) =>
      handle.result({ timeout }).then(String, (error: unknown) => (error as RunStateError).code),
    ),
  ])
  const losses = await Promise.all([...handles, ...fails].map(({ id }) => jobs.inspector.run(id)))
  tells = true
  const checks = await jobs.inspector.checks()
  process.send?.({
    kind: 'ended',
    ends,
    losses: losses.reduce((sum, run) => sum + (run?.losses ?? 0), 0),
    jump: checks.find((check) => check.name === 'clock jumps')?.found,
  })
  process.once('message', async () => {
    await worker.stop({ timeout: '1s' })
    await jobs.close()
    process.exit()
  })
})
