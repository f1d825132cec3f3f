import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { failureMark } from '../runtime/execution/fingerprint.ts'
import { normalizedText } from '../runtime/execution/normalized-message.ts'
import { encodeValue } from '../runtime/model/codec.ts'
import type { FailureMark } from '../runtime/model/failure-mark.ts'
import type { Outcome } from '../runtime/model/outcome.ts'
import { toStoredError } from '../runtime/model/stored-error.ts'
import { failureOrders, maxFailureGroups } from '../runtime/store/failures.ts'
import { openStore } from '../runtime/store/open-store.ts'
import type { ClaimedRun, Store } from '../runtime/store/store.ts'
import { parseStoreConfig } from '../runtime/store/store-config.ts'
import { printEvidence } from '../test/support/evidence.ts'
import { RedisServer } from '../test/support/redis/redis-server.ts'

/*
 * What failures in groups cost: runs that fail with and without a mark, side by side on one store; a million messages,
 * each another one; reads at the bound; the time of a fingerprint, and of the worst texts for it.
 */

const batches = Number(process.env.DURABLE_JOBS_PROVE_BATCHES ?? 1_000)
const messages = Number(process.env.DURABLE_JOBS_PROVE_MESSAGES ?? 20_000)
const perBatch = 10
const warmUp = 50

/** A store, and the CPU time so far, in microseconds, of whoever does its work. */
interface Site {
  readonly name: string
  readonly open: (namespace: string) => Promise<Store>
  readonly cpu: () => Promise<number>
  /** Bytes of a namespace's groups, where the store can tell. */
  readonly bytes: (namespace: string) => Promise<number | undefined>
  readonly close: () => Promise<void>
}

function embeddedSite(): Site {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-prove-'))
  return {
    name: 'embedded',
    open: (namespace) => openStore(parseStoreConfig(`sqlite:${join(folder, `${namespace}.db`)}`)),
    cpu: async () => {
      const { user, system } = process.cpuUsage()
      return user + system
    },
    bytes: async () => undefined,
    close: async () => rmSync(folder, { recursive: true }),
  }
}

async function redisSite(): Promise<Site> {
  const server = await RedisServer.start()
  const url = `redis://127.0.0.1:${server.port}`
  const link = new Redis(url)
  return {
    name: 'Redis',
    open: (namespace) => openStore(parseStoreConfig({ url, namespace })),
    cpu: async () => {
      const info = await link.info('cpu')
      const seconds = (of: string): number =>
        Number(new RegExp(`used_cpu_${of}_main_thread:(\\S+)`).exec(info)?.[1])
      return (seconds('user') + seconds('sys')) * 1e6
    },
    bytes: async (namespace) => {
      const sizes = ['failures', 'failureOrder'].map((key) =>
        link.memory('USAGE', `{${namespace}}:${key}`, 'SAMPLES', 0),
      )
      return (await Promise.all(sizes)).reduce((sum: number, size) => sum + Number(size), 0)
    },
    close: async () => {
      link.disconnect()
      await server.remove()
    },
  }
}

/** A worker as this script plays it. */
class Player {
  readonly store: Store
  readonly #lease = crypto.randomUUID()
  #claims = 0
  #runs = 0

  constructor(store: Store) {
    this.store = store
  }

  async begin(): Promise<this> {
    const jobs = [{ name: 'job', version: 1, queue: 'default', digest: '' }]
    const [name, host, node] = ['prover', 'here', process.version]
    const worker = {
      lease: this.#lease,
      name,
      host,
      node,
      pid: process.pid,
      concurrency: 100,
      leaseMs: 600_000,
    }
    await this.store.register({ ...worker, jobs, draining: false })
    return this
  }

  async enqueue(count: number): Promise<void> {
    const input = encodeValue({ n: 1 }, 'input')
    const common = { job: 'job', version: 1, queue: 'default', priority: 0, input, inputDigest: '', tags: [] }
    const runs = Array.from({ length: count }, () => ({ ...common, id: `run-${this.#runs++}`, headers: {} }))
    await this.store.enqueue(runs.map((run) => ({ ...run, start: { kind: 'now' } })))
  }

  async claim(max: number): Promise<readonly ClaimedRun[]> {
    const answer = await this.store.claim(
      this.#lease,
      ++this.#claims,
      { max, protected: true, mayAsk: false },
      [],
    )
    return answer.kind === 'claimed' ? answer.runs : []
  }

  async settle(runs: readonly ClaimedRun[], outcome: (i: number) => Outcome): Promise<void> {
    const entries = runs.map(({ id, fence, position }, i) => ({
      ...({ kind: 'settle', run: id, fence, position } as const),
      outcome: outcome(i),
    }))
    await this.store.commit(this.#lease, entries)
  }
}

const error = toStoredError(new TypeError("Cannot read properties of undefined (reading 'sku')"))
const known = failureMark(error, { job: 'job', version: 1 })

function distinct(n: number): FailureMark {
  return { ...known, fingerprint: `f1:${n.toString(16).padStart(12, '0')}`, text: `${known.text} ${n}` }
}

const marks: Readonly<Record<string, ((n: number) => FailureMark) | undefined>> = {
  'no mark': undefined,
  'one cause': () => known,
  'each its own cause': distinct,
}

/** From enqueue to the failure, batch by batch in turns, so that what else the machine does meets all alike. */
async function proveFailingPath(site: Site): Promise<void> {
  const sides = await Promise.all(
    Object.entries(marks).map(async ([name, mark], i) => ({
      ...{ name, mark, samples: [] as number[] },
      player: await new Player(await site.open(`path${i}`)).begin(),
    })),
  )
  for (let batch = 0; batch < batches + warmUp; batch++) {
    for (const { mark, samples, player } of batch % 2 === 0 ? sides : sides.toReversed()) {
      const before = await site.cpu()
      await player.enqueue(perBatch)
      const runs = await player.claim(perBatch)
      await player.settle(runs, (i) => ({
        ...({ kind: 'failed', error } as const),
        ...(mark === undefined ? {} : { mark: mark(batch * perBatch + i) }),
      }))
      if (batch >= warmUp) samples.push(((await site.cpu()) - before) / perBatch)
    }
  }
  const [base] = sides.map(({ samples }) => middleMean(samples))
  const figures = sides.map(({ name, samples }) => [name, figure(middleMean(samples), base ?? 0)])
  printEvidence({
    measure: `CPU of a run that fails (enqueue, claim, settle), ${site.name}, µs (goal with one cause: below +10 %)`,
    ...Object.fromEntries(figures),
  })
  for (const { player } of sides) await player.store.close()
}

function figure(us: number, base: number): string {
  const more = us === base ? '' : ` (${us > base ? '+' : ''}${((us / base - 1) * 100).toFixed(1)} %)`
  return `${us.toFixed(1)}${more}`
}

/** Without the tenth at each end: what a busy machine adds is in there. */
function middleMean(samples: readonly number[]): number {
  const cut = Math.floor(samples.length / 10)
  const middle = samples.toSorted((a, b) => a - b).slice(cut, samples.length - cut)
  return middle.reduce((sum, sample) => sum + sample, 0) / middle.length
}

/** A hundred runs that fail again and again, each time for another cause. */
async function proveBound(site: Site): Promise<void> {
  const player = await new Player(await site.open('bound')).begin()
  const { store } = player
  await player.enqueue(100)
  let sent = 0
  let bytesEarly: number | undefined
  while (sent < messages) {
    const runs = await player.claim(100)
    const first = sent
    await player.settle(runs, (i) => ({ kind: 'retrying', error, mark: distinct(first + i), delayMs: 0 }))
    sent += runs.length
    if (bytesEarly === undefined && sent >= 2 * maxFailureGroups) bytesEarly = await site.bytes('bound')
  }
  const groups = (await store.failures({ limit: maxFailureGroups })).length
  const bytes = await site.bytes('bound')
  printEvidence({
    measure: `${sent} distinct messages, ${site.name} (goal: ${maxFailureGroups} groups, no growth)`,
    groups,
    ...(bytes === undefined
      ? {}
      : { [`bytes after ${2 * maxFailureGroups}`]: bytesEarly ?? 0, 'bytes at the end': bytes }),
  })
  await proveReads(site, store)
  await store.close()
  if (groups !== maxFailureGroups) process.exitCode = 1
}

async function proveReads(site: Site, store: Store): Promise<void> {
  const times: Record<string, string> = {}
  for (const order of failureOrders) {
    for (const limit of [20, maxFailureGroups]) {
      const samples: number[] = []
      for (let i = 0; i < 50; i++) {
        const before = await site.cpu()
        await store.failures({ order, limit })
        samples.push((await site.cpu()) - before)
      }
      times[`${order}, ${limit}`] = (middleMean(samples) / 1_000).toFixed(2)
    }
  }
  printEvidence({ measure: `CPU of failures() at ${maxFailureGroups} groups, ${site.name}, ms`, ...times })
}

function proveFingerprints(): void {
  const begin = performance.now()
  const count = 20_000
  for (let i = 0; i < count; i++) failureMark(error, { job: 'job', version: 1, step: `all/pay[${i}]` })
  printEvidence({
    measure: 'a fingerprint, µs',
    each: (((performance.now() - begin) / count) * 1_000).toFixed(1),
  })
  const worst = ["'", '"a', '1:1:', 'a.a/', '+', 'a@', 'a.', '2026-01-'].map((part) => {
    const [once, twice] = [1, 2].map((times) => timeOf(part.repeat((times * 500_000) / part.length)))
    return [part, `${once} and ${twice}`]
  })
  printEvidence({
    measure: 'normalizing 0.5 and 1 million characters that are hard on patterns, ms (goal: in proportion)',
    ...Object.fromEntries(worst),
  })
}

function timeOf(text: string): number {
  const begin = performance.now()
  normalizedText(text)
  return Math.round(performance.now() - begin)
}

proveFingerprints()
for (const open of [embeddedSite, redisSite]) {
  const site = await open()
  await proveFailingPath(site)
  await proveBound(site)
  await site.close()
}
