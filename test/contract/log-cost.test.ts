import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../runtime/model/clock.ts'
import { writeEvents } from '../../runtime/store/embedded/event-log.ts'
import { migrate } from '../../runtime/store/embedded/schema.ts'
import { StoreWriter } from '../../runtime/store/embedded/store-writer.ts'
import type { Move, Transaction } from '../../runtime/store/embedded/transaction.ts'
import { retainedTransitions } from '../../runtime/store/events.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import { Keys } from '../../runtime/store/redis/keys.ts'
import { scriptSources } from '../../runtime/store/redis/script-sources.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'
import { maxEvents, readAllEvents } from './read-events.ts'

/** How many transitions a log is filled with. */
const filled = provingNumber('DURABLE_JOBS_PROVE_EVENTS', 900)
const rounds = provingNumber('DURABLE_JOBS_PROVE_ROUNDS', 3)
const proves = process.env.DURABLE_JOBS_PROVE_EVENTS !== undefined
/** Retained before this log was made larger. */
const retainedBefore = 10_000
const perRound = 2_000

/** Runs no-op jobs, this many at a time, until they have made this many transitions. */
async function fill(store: Store, transitions: number, atOnce: number): Promise<void> {
  const worker = await TestWorker.register(store, { leaseMs: 86_400_000, concurrency: atOnce })
  for (let made = 0; made < transitions; made += 3 * atOnce) {
    await store.enqueue(Array.from({ length: atOnce }, () => newRun()))
    const runs = await worker.claim(atOnce)
    expect(runs).toHaveLength(atOnce)
    await worker.claimReply(
      0,
      runs.map((run) => worker.settlement(run, completed)),
    )
  }
}

async function readPages(store: Store): Promise<number[]> {
  const { cursor } = await store.events({ limit: 1 })
  const samples: number[] = []
  for (let after = cursor.replace(/\d+$/, '0'); ; ) {
    const begun = performance.now()
    const page = await store.events({ after, limit: maxEvents })
    samples.push(performance.now() - begun)
    if (page.events.length < maxEvents) return samples
    after = page.cursor
  }
}

async function redisServer(): Promise<RedisServer> {
  const server = await RedisServer.start()
  onTestFinished(() => server.remove())
  return server
}

test('Redis: a log of transitions is small, and a write usually costs two commands', async () => {
  const server = await redisServer()
  for (const atOnce of [1, 100]) {
    const namespace = randomUUID()
    const store = await openStore(parseStoreConfig({ url: server.url, namespace }))
    onTestFinished(() => store.close())
    await server.command('CONFIG', 'RESETSTAT')
    await fill(store, filled, atOnce)
    const stats = String(await server.command('INFO', 'commandstats'))
    const calls = (command: string): number =>
      Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
    const written = calls('xadd')
    const bytes = Number(
      await server.command('MEMORY', 'USAGE', new Keys(namespace).of('events'), 'SAMPLES', '0'),
    )
    const { events } = await readAllEvents(store, { after: '0-0', log: 'runs' })
    // Of an hour, so all of them; an operation looks for its own, once.
    expect(events.length).toBeGreaterThanOrEqual(filled)
    expect(calls('xrange') - 3 * (Math.ceil(events.length / maxEvents) + 2)).toBeLessThan(events.length / 20)
    expect(bytes / events.length).toBeLessThan(200)
    printEvidence({
      ...{ measure: `Redis, ${atOnce} at once`, transitions: events.length, entries: written },
      'bytes each': (bytes / events.length).toFixed(0),
      MiB: (bytes / 2 ** 20).toFixed(1),
      'page of 1,000 ms p50': percentile(await readPages(store), 0.5).toFixed(1),
    })
  }
})

test('embedded: a log of transitions is small', async () => {
  for (const atOnce of [1, 100]) {
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-log-'))
    const path = join(folder, 'jobs.db')
    const store = await openStore(parseStoreConfig(`sqlite:${path}`))
    onTestFinished(async () => {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    })
    await fill(store, filled, atOnce)
    const database = new DatabaseSync(path, { readOnly: true })
    const size = "SELECT sum(pgsize) AS bytes FROM dbstat WHERE name = 'events'"
    const { bytes } = database.prepare(size).get() as { bytes: number }
    database.close()
    const { events } = await readAllEvents(store, { after: '0-0', log: 'runs' })
    expect(events.length).toBeGreaterThanOrEqual(filled)
    expect(bytes / events.length).toBeLessThan(200)
    printEvidence({
      ...{ measure: `embedded, ${atOnce} at once`, transitions: events.length },
      'bytes each': (bytes / events.length).toFixed(0),
      MiB: (bytes / 2 ** 20).toFixed(1),
      'page of 1,000 ms p50': percentile(await readPages(store), 0.5).toFixed(1),
    })
  }
})

/** The operations of `events-part.lua` and the older writes, both in a loop of as many claims. */
function luaLoops(perClaim: number): { readonly before: string; readonly after: string } {
  const part = scriptSources['events-part']
    .replace('--[[transitions]] 0, 0', `${retainedTransitions.count}, ${retainedTransitions.ms}`)
    .replaceAll('K.meta', 'KEYS[1]')
    .replaceAll('K.events', 'KEYS[2]')
    .replace(/(?<![.\w])call\(/g, 'redis.call(')
    .replace(/(?<![.\w])sub\(/g, 'string.sub(')
  const claim = `local made = {}
    for i = 1, ${perClaim} do
      local n = #made
      made[n + 1], made[n + 2], made[n + 3], made[n + 4], made[n + 5] = 'run-' .. i, 'job', 'default', 'claim', 3
    end`
  const begin = `local time = redis.call('TIME')
    local now = time[1] * 1000`
  return {
    after: `${begin}\n${part}\nfor claim = 1, tonumber(ARGV[1]) do\n${claim}\nevents = made\nwriteEvents()\nend`,
    before: `${begin}
      local function text(number) return string.format('%.0f', number) end
      for claim = 1, tonumber(ARGV[1]) do
        ${claim}
        local number = redis.call('HINCRBY', KEYS[1], 'events', ${perClaim})
        redis.call('XADD', KEYS[2], 'MINID', '~', text(math.max(0, number - ${retainedBefore})), text(number) .. '-1',
          'at', text(now), 'of', cmsgpack.pack(made))
      end`,
  }
}

test.runIf(proves)('Redis: what the logs add to a claim', async () => {
  const server = await redisServer()
  for (const perClaim of [1, 100]) {
    const loops = luaLoops(perClaim)
    const micros = async (kind: 'before' | 'after', claims: number): Promise<number> => {
      const begun = performance.now()
      const keys = [`${kind} ${perClaim} meta`, `${kind} ${perClaim} events`]
      await server.command('EVAL', loops[kind], '2', ...keys, String(claims))
      return ((performance.now() - begun) * 1_000) / claims
    }
    // Both logs have their maximum length.
    await micros('before', retainedBefore / perClaim)
    for (let i = 0; i < 10; i++) await micros('after', retainedTransitions.count / 10 / perClaim)
    const found = { before: [] as number[], after: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      for (const kind of ['before', 'after'] as const) found[kind].push(await micros(kind, perRound))
    }
    const [before, after] = [percentile(found.before, 0.5), percentile(found.after, 0.5)]
    printEvidence({
      measure: `Redis, log of a claim of ${perClaim}`,
      'µs before': before.toFixed(2),
      'µs now': after.toFixed(2),
      'ratio (goal 1.03 of the whole claim)': (after / before).toFixed(3),
    })
  }

  const store = await openStore(parseStoreConfig({ url: server.url, namespace: randomUUID() }))
  onTestFinished(() => store.close())
  for (const atOnce of [1, 100]) {
    const cpu = async (): Promise<number> => {
      const text = String(await server.command('INFO', 'cpu'))
      return ['sys', 'user'].reduce(
        (sum, kind) => sum + Number(new RegExp(`used_cpu_${kind}_main_thread:([\\d.]+)`).exec(text)?.[1]),
        0,
      )
    }
    const begun = await cpu()
    const transitions = 3_000 * Math.min(atOnce, 20)
    await fill(store, transitions, atOnce)
    const perCycle = ((await cpu()) - begun) / (transitions / 3 / atOnce)
    printEvidence({
      measure: `Redis, whole enqueue, claim and settle of ${atOnce}`,
      'server µs': (perCycle * 1e6).toFixed(1),
    })
  }
})

test.runIf(proves)('embedded: what the logs add to a claim', async () => {
  for (const perClaim of [1, 100]) {
    const found = { before: [] as number[], after: [] as number[] }
    const files = {
      before: await logFile(retainedBefore, perClaim),
      after: await logFile(retainedTransitions.count, perClaim),
    }
    for (let round = 0; round < rounds; round++) {
      for (const kind of ['before', 'after'] as const) {
        const log = files[kind]
        const write = kind === 'before' ? writeAsBefore : writeEvents
        const begun = performance.now()
        await log.write(() => {
          for (let claim = 0; claim < perRound; claim++) write(claimOf(log, perClaim))
        })
        found[kind].push(((performance.now() - begun) * 1_000) / perRound)
      }
    }
    const [before, after] = [percentile(found.before, 0.5), percentile(found.after, 0.5)]
    printEvidence({
      measure: `embedded, log of a claim of ${perClaim}`,
      'µs before': before.toFixed(2),
      'µs now': after.toFixed(2),
      ratio: (after / before).toFixed(3),
    })
  }
})

/** A file whose log of transitions has its maximum length. */
async function logFile(length: number, perClaim: number): Promise<StoreWriter> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-log-'))
  const database = new StoreWriter(join(folder, 'jobs.db'), 'normal', systemClock)
  onTestFinished(() => {
    database.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await migrate(database)
  await database.write(() => {
    for (let made = 0; made < length; made += perClaim) writeEvents(claimOf(database, perClaim))
  })
  return database
}

function claimOf(sql: StoreWriter, runs: number): Transaction {
  const moves = Array.from(
    { length: runs },
    (_, i): Move => ({
      run: { id: `run-${i}`, job: 'job', queue: 'default' },
      ...{ from: 'ready', transition: 'claim', state: 'running', inStateMs: 0 },
    }),
  )
  return { sql, now: Date.now(), moves, loggedMoves: 0 } as unknown as Transaction
}

function writeAsBefore({ sql, now, moves }: Transaction): void {
  const last = sql.get<{ last: number | null }>('SELECT max(last) AS last FROM events')?.last ?? 0
  const groups: string[][] = []
  let previous: Move | undefined
  for (const move of moves.slice(0, 500)) {
    const isAlike =
      previous?.transition === move.transition &&
      previous.state === move.state &&
      previous.run.job === move.run.job &&
      previous.run.queue === move.run.queue
    if (isAlike) groups.at(-1)?.push(move.run.id)
    else groups.push([move.run.job, move.run.queue, move.transition, move.state, move.run.id])
    previous = move
  }
  const next = last + moves.length
  sql.run('INSERT INTO events VALUES (?, ?, ?)', next, now, JSON.stringify(groups))
  if (Math.floor(last / 100) === Math.floor(next / 100)) return
  sql.run('DELETE FROM events WHERE last <= ?', next - retainedBefore)
}
