import { setTimeout as wait } from 'node:timers/promises'
import type { StoreOptions } from '../../runtime/store/store-config.ts'
import { connect, type Jobs, type RunId } from '../../sdk/index.ts'
import { BodyLog } from '../support/fleet/body-log.ts'
import { crashJobs } from '../support/fleet/crash-jobs.ts'
import { Killer } from '../support/fleet/kill-point.ts'

/** The parent's order to an enqueueing process: its first argument, as JSON. */
export interface EnqueueSpec {
  readonly store: StoreOptions
  readonly bodyLog: string
}

/** An input of the unique job. */
interface SoleInput {
  readonly key: string
  readonly steps: number
  readonly ms: number
}

/** `burst`: all at once, awaited together. `loop`: one after the other until `stop`. */
export type EnqueueOrder =
  | { readonly kind: 'burst'; readonly count: number; readonly input: SoleInput }
  | { readonly kind: 'loop'; readonly inputs: readonly SoleInput[] }
  | { readonly kind: 'stop' }

/** The results of the enqueues since the last order. */
export interface EnqueueTotals {
  readonly created: readonly RunId[]
  readonly joined: readonly RunId[]
  readonly other: readonly string[]
}

const pauseMs = 2

// The parent has died: no other process would end this one.
process.on('disconnect', () => process.exit())

const spec = JSON.parse(process.argv[2] ?? '') as EnqueueSpec
const bodyLog = new BodyLog(spec.bodyLog)
const { sole } = crashJobs(bodyLog, new Killer(undefined, bodyLog))
const jobs = await connect(spec.store)

class Tally implements EnqueueTotals {
  readonly created: RunId[] = []
  readonly joined: RunId[] = []
  readonly other: string[] = []

  async enqueue(client: Jobs, input: SoleInput): Promise<void> {
    const [answer] = await client.enqueueMany(sole, [input])
    if (answer?.outcome === 'created') this.created.push(answer.handle.id)
    else if (answer?.outcome === 'joined') this.joined.push(answer.handle.id)
    else this.other.push(JSON.stringify(answer))
  }
}

let stopped = false

async function obey(order: EnqueueOrder): Promise<void> {
  if (order.kind === 'stop') {
    stopped = true
    return
  }
  const tally = new Tally()
  if (order.kind === 'burst') {
    await Promise.all(Array.from({ length: order.count }, () => tally.enqueue(jobs, order.input)))
  } else {
    for (let i = 0; !stopped; i++) {
      const input = order.inputs[i % order.inputs.length]
      if (input !== undefined) await tally.enqueue(jobs, input)
      await wait(pauseMs)
    }
  }
  process.send?.(tally)
}

process.on('message', (order: EnqueueOrder) => {
  obey(order).catch((error: unknown) => {
    process.send?.({ created: [], joined: [], other: [String(error)] } satisfies EnqueueTotals)
  })
})
process.send?.('ready')
