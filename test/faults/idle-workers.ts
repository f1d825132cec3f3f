import { openStore } from '../../runtime/store/open-store.ts'
import { createLogger } from '../../runtime/worker/logger.ts'
import { Worker } from '../../runtime/worker/worker.ts'
import { parseWorkerOptions } from '../../runtime/worker/worker-options.ts'
import { defineJob } from '../../sdk/index.ts'

/** A process of many workers that counts their claims. Arguments: URL, namespace, how many workers. */
const [url = '', namespace = '', count = '0'] = process.argv.slice(2)
// The parent has died: no other process would end this one.
process.on('disconnect', () => process.exit())

let claims = 0
const chain = defineJob<{ readonly steps: number }, number>({ name: 'chain' }, async ({ input, step }) => {
  for (let i = 1; i <= input.steps; i++) await step.run(`s${i}`, () => i)
  return input.steps
})
for (let i = 0; i < Number(count); i++) {
  const config = parseWorkerOptions({
    store: { url, namespace },
    jobs: [chain],
    handleSignals: false,
    logger: createLogger({ stream: process.stderr, level: 'error' }),
  })
  const worker = new Worker(config, async ({ store, clock }) => {
    const opened = await openStore(store, { clock })
    const claim = opened.claim.bind(opened)
    opened.claim = (...request) => {
      claims++
      return claim(...request)
    }
    return opened
  })
  await worker.start()
}
process.on('message', (message) => {
  if (message === 'reset') claims = 0
  process.send?.({ claims })
})
process.send?.('ready')
