import { type Run, type RunState, runStates } from '../../../model/run.ts'
import { maxInspectedRuns, type RunPage, type RunQuery } from '../../run-filter.ts'
import {
  planRuns,
  type RunFacts,
  type RunGroup,
  type RunSource,
  type RunStreamSource,
} from '../../run-plan.ts'
import {
  matchesRecord,
  maxHeldRuns,
  parseRunQuery,
  type RunPosition,
  type RunSearch,
  type SearchStep,
  searchRuns,
} from '../../run-search.ts'
import { chunks } from '../chunks.ts'
import type { Argument, Reply } from '../redis-link.ts'
import { plain, toRun } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateCode, stateOfCode } from '../state-code.ts'
import { readRecords, type StoredWorker, wholeRun } from './inspect.ts'

/** A script returns no more records after this many bytes of them. */
const scriptBytes = 1_048_576
/** Beginnings of ready runs that one script looks for. */
const readyHeadsAtOnce = 300
const heldAtOnce = 500
const waitlistsAtOnce = 300
/** Of a limiter with more waitlists all runs that wait are inspected instead. */
const maxWaitlists = 1_000
/** Of more streams a step reads those with the next numbers: its runs are in no others. */
const maxStreams = 200
const headsAtOnce = 200

/** A run known by what orders it. */
interface Candidate {
  readonly seq: number
  /** When it came into its state, in the store's time. */
  readonly at: number
  readonly id: string
}

/** What a search reads: streams of the sets that have runs by number, runs that are put in order here, and states by time. */
interface Reading {
  readonly streams: readonly Buffer[]
  readonly candidates: readonly Candidate[]
  readonly states: readonly RunState[]
  readonly filter: Buffer
}

/** Runs by filter, order and cursor. Several short scripts, so that none holds the server for long. */
export async function listRuns(calls: ScriptCalls, query: RunQuery): Promise<RunPage> {
  const search = parseRunQuery(query)
  const facts = await readFacts(calls, search)
  const [read, inspect] =
    search.order === 'longest' ? [readLongest, inspectLongest] : [readByNumber, inspectByNumber]
  const reading = await read(calls, search, facts)
  const page = await searchRuns(search, (position, bounds) =>
    inspect({ calls, search, reading, position, ...bounds }),
  )
  return { ...page, runs: await withOpenSteps(calls, page.runs) }
}

/** Held runs with the step that runs now. */
async function withOpenSteps(calls: ScriptCalls, runs: readonly Run[]): Promise<readonly Run[]> {
  const held = runs.filter(({ state }) => state === 'running' || state === 'cancelling')
  if (held.length === 0) return runs
  const records = await readRecords(
    calls,
    held.map(({ id }) => id),
    false,
  )
  const steps = new Map(records.map(({ id, step }) => [id, step]))
  return runs.map((run) => {
    const step = steps.get(run.id)
    return step === undefined || !held.includes(run) ? run : ({ ...run, step } as Run)
  })
}

interface Facts extends RunFacts {
  /** Bounds of the last change, in the store's time. */
  readonly from: number
  readonly before: number
  /** Whether every waiting run is in the index by time. */
  readonly isWaitingFiled: boolean
}

async function readFacts(calls: ScriptCalls, { filter, states }: RunSearch): Promise<Facts> {
  const { job = '', queue = '', tag = '', since = '', before = '', minAgeMs = '' } = filter
  const args = [job, queue, tag, since, before, minAgeMs, Buffer.from(states.map(stateCode))]
  const [bounds, totals, inTime, tagged, unknown, flat, isWaitingFiled] = (await calls.run(
    'plan-runs',
    args,
  )) as [[Buffer, Buffer], number[], number[], number, number[], Reply[], number]
  const groups = groupsByState(flat)
  return {
    from: Number(bounds[0]),
    before: Number(bounds[1]),
    tagged: () => tagged,
    isWaitingFiled: isWaitingFiled === 1,
    total: (state) => totals[stateCode(state) - 1] ?? 0,
    inTime: (state) => {
      const found = inTime[stateCode(state) - 1] ?? -1
      return found < 0 ? undefined : found
    },
    groups: (state) => (unknown.includes(stateCode(state)) ? undefined : (groups.get(state) ?? [])),
  }
}

function groupsByState(flat: readonly Reply[]): Map<RunState, RunGroup[]> {
  const groups = chunks<[number, Buffer, Buffer, number]>(flat, 4).map(([code, queue, job, count]) => {
    return { state: stateOfCode(code), queue: String(queue), job: String(job), count }
  })
  return Map.groupBy(groups, ({ state }) => state)
}

function packFilter({ filter, states }: RunSearch, { from, before }: Facts): Buffer {
  const { job = '', queue = '', tag, unique, limiter, limitKey, text = '' } = filter
  const parts = [tag, unique].filter((part) => part !== undefined)
  const waits = [limiter, limitKey].filter((part) => part !== undefined)
  return plain.pack([states.map(stateCode), job, queue, from, before, parts, partOfText(text), waits])
}

/** A part of the text that every matching record holds as it stands: of `name: message` both are stored, apart. */
function partOfText(text: string): string {
  // Lua knows the case of ASCII letters only.
  if (!/^[\x20-\x7e]*$/.test(text)) return ''
  const parts = text.toLowerCase().replace(/^ /, '').replace(/:$/, '').split(': ')
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest))
}

async function readByNumber(calls: ScriptCalls, search: RunSearch, facts: Facts): Promise<Reading> {
  const filter = packFilter(search, facts)
  const { sources, streams } = await sourcesOf(calls, search, facts)
  const candidates: Candidate[] = []
  for (const source of sources) {
    if (source.kind === 'ready') streams.push(...(await readyStreams(calls, search)))
    else if (source.kind === 'held') candidates.push(...(await heldRuns(calls, search, filter)))
    else if (source.kind === 'time') candidates.push(...(await changedRuns(calls, source.state, facts)))
    else if (source.kind !== 'waitlist') streams.push(streamOf(source))
  }
  const sign = search.order === 'newest' ? -1 : 1
  return { filter, streams, candidates: candidates.sort((a, b) => sign * (a.seq - b.seq)), states: [] }
}

/** The letter of a set in find-runs-part.lua, and what the members begin with. */
function streamOf(source: RunStreamSource): Buffer {
  switch (source.kind) {
    case 'tag':
      return Buffer.from(`t${source.tag}\0`)
    case 'fingerprint':
      return Buffer.from(`f${source.fingerprint}\0`)
    case 'group':
      return Buffer.concat([
        Buffer.from('g'),
        Buffer.of(stateCode(source.state)),
        Buffer.from(`${source.job}\0${source.queue}\0`),
      ])
    case 'state':
      return Buffer.of('i'.charCodeAt(0), stateCode(source.state))
  }
}

async function readyStreams(calls: ScriptCalls, { filter }: RunSearch): Promise<Buffer[]> {
  const { job = '', queue = '' } = filter
  const streams: Buffer[] = []
  let after: Argument = ''
  do {
    const args: Argument[] = [job, queue, after, readyHeadsAtOnce]
    const [next, ...found] = (await calls.run('list-ready', args)) as [Buffer, ...Buffer[]]
    streams.push(...found)
    after = next
  } while (after.length > 0)
  return streams
}

/** What the plan reads: of waitlists their streams, unless there are too many. */
async function sourcesOf(
  calls: ScriptCalls,
  search: RunSearch,
  facts: Facts,
): Promise<{ readonly sources: readonly RunSource[]; readonly streams: Buffer[] }> {
  const sources = planRuns(search, facts)
  const waitlists = sources.find((source) => source.kind === 'waitlist')
  if (waitlists === undefined) return { sources, streams: [] }
  const streams = await waitlistStreams(calls, waitlists)
  if (streams !== undefined) return { sources: [], streams }
  return { sources: planRuns(withoutLimiter(search), facts), streams: [] }
}

/** By key and priority; undefined where there are too many. */
async function waitlistStreams(
  calls: ScriptCalls,
  { limiter, key }: Extract<RunSource, { readonly kind: 'waitlist' }>,
): Promise<Buffer[] | undefined> {
  const streams: Buffer[] = []
  let after: Argument = ''
  do {
    const args: Argument[] = [limiter, key === undefined ? 0 : 1, key ?? '', after, waitlistsAtOnce]
    const [next, ...found] = (await calls.run('list-waitlists', args)) as [Buffer, ...Buffer[]]
    streams.push(...found)
    after = next
  } while (after.length > 0 && streams.length < maxWaitlists)
  return after.length > 0 ? undefined : streams
}

function withoutLimiter(search: RunSearch): RunSearch {
  const { limiter: _, limitKey: __, ...filter } = search.filter
  return { ...search, filter }
}

/** Held runs stand by worker: their order is made here, of numbers and times alone. */
async function heldRuns(calls: ScriptCalls, { filter }: RunSearch, packed: Buffer): Promise<Candidate[]> {
  const leases = filter.worker === undefined ? [''] : await leasesOf(calls, filter.worker)
  const candidates: Candidate[] = []
  for (const lease of leases) {
    let after: Argument = ''
    do {
      const [next, ...flat] = (await calls.run('list-held', [packed, lease, after, heldAtOnce])) as [
        Buffer,
        ...Buffer[],
      ]
      for (const [seq, at, id] of chunks<[Buffer, Buffer, Buffer]>(flat, 3)) {
        candidates.push({ seq: Number(seq), at: Number(at), id: String(id) })
      }
      after = next
    } while (after.length > 0 && candidates.length < maxHeldRuns)
  }
  return candidates
}

/** A worker that registered again may have runs under its lease before. */
async function leasesOf(calls: ScriptCalls, name: string): Promise<string[]> {
  const flat = (await calls.link.command('HGETALL', calls.keys.of('workers'))) as Buffer[]
  return chunks<[Buffer, Buffer]>(flat, 2)
    .filter(([, worker]) => (plain.unpack(worker) as StoredWorker).name === name)
    .map(([lease]) => String(lease))
}

async function changedRuns(calls: ScriptCalls, state: RunState, facts: Facts): Promise<Candidate[]> {
  const args = [stateCode(state), facts.from, facts.before, maxInspectedRuns]
  const flat = (await calls.run('list-changed', args)) as Buffer[]
  return chunks<[Buffer, Buffer]>(flat, 2).map(([seq, id]) => ({ seq: Number(seq), at: 0, id: String(id) }))
}

/** Ready and waiting runs by time, and by number where they are in no index by time. */
async function readLongest(calls: ScriptCalls, search: RunSearch, facts: Facts): Promise<Reading> {
  const filter = packFilter(search, facts)
  const { states } = search
  const isIn = (...some: RunState[]): boolean => some.some((state) => states.includes(state))
  const candidates = isIn('running', 'cancelling') ? await heldRuns(calls, search, filter) : []
  const timed = runStates.filter((state) => (state === 'ready' || state === 'waiting') && isIn(state))
  const streams = isIn('ready') ? await readyStreams(calls, search) : []
  if (isIn('waiting') && !facts.isWaitingFiled) streams.push(streamOf({ kind: 'state', state: 'waiting' }))
  return {
    filter,
    streams,
    candidates: candidates.sort((a, b) => a.at - b.at || a.seq - b.seq),
    states: timed,
  }
}

interface Inspection {
  readonly calls: ScriptCalls
  readonly search: RunSearch
  readonly reading: Reading
  readonly position: RunPosition
  readonly atMost: number
  readonly wanted: number
}

async function inspectByNumber(inspection: Inspection): Promise<SearchStep> {
  const { calls, search, reading, position, atMost } = inspection
  const { streams, isCut } = await nearest(calls, reading, search.order, position.seq)
  const isLeft = ({ seq }: Candidate): boolean =>
    search.order === 'newest' ? seq < position.seq : seq > position.seq
  const left = reading.candidates.filter(isLeft)
  const given = left.slice(0, atMost)
  const [looked, seq, ended, bytes, found] = (await calls.run('list-runs', [
    ...[reading.filter, search.order, position.seq, atMost, maxFound(inspection), scriptBytes],
    ...[left.length > given.length ? 1 : 0, given.length, ...given.flatMap((run) => [run.seq, run.id])],
    ...streams,
  ])) as [number, Buffer, number, number, Found[]]
  const matches = matching(calls, search, found)
  const step = { looked, bytes, ended: ended === 1 && !isCut, position: { ...position, seq: Number(seq) } }
  return upToWanted(inspection, matches, step, inspectByNumber)
}

async function inspectLongest(inspection: Inspection): Promise<SearchStep> {
  const { calls, reading, search, position, atMost } = inspection
  const { streams, isCut } = await nearest(calls, reading, 'oldest', position.fresh)
  const isLeft = ({ at, seq }: Candidate): boolean =>
    at > position.at || (at === position.at && seq > position.seq)
  const left = reading.candidates.filter(isLeft)
  const given = left.slice(0, atMost)
  const [looked, at, seq, fresh, ended, bytes, found] = (await calls.run('list-longest', [
    ...[reading.filter, position.at, position.seq, position.fresh, atMost, maxFound(inspection), scriptBytes],
    ...[left.length > given.length ? 1 : 0, given.length],
    ...given.flatMap((run) => [run.at, run.seq, run.id]),
    ...[streams.length, ...streams, ...reading.states.map(stateCode)],
  ])) as [number, Buffer, Buffer, Buffer, number, number, Found[]]
  const matches = matching(calls, search, found)
  const next = { at: Number(at), seq: Number(seq), fresh: Number(fresh) }
  return upToWanted(
    inspection,
    matches,
    { looked, bytes, ended: ended === 1 && !isCut, position: next },
    inspectLongest,
  )
}

/** What a script replies of a run, and how many it had inspected by then. */
type Found = [...Buffer[], number]

interface Match {
  readonly run: Run
  readonly looked: number
}

/** A script that can't tell what fits finds all that may. */
function maxFound({ search: { filter }, atMost, wanted }: Inspection): number {
  return filter.text === undefined ? wanted : atMost
}

/** A step that found more than was wanted is taken again, up to the last run that was. */
async function upToWanted(
  inspection: Inspection,
  matches: readonly Match[],
  step: Omit<SearchStep, 'runs'>,
  again: (inspection: Inspection) => Promise<SearchStep>,
): Promise<SearchStep> {
  const { wanted } = inspection
  const last = matches[wanted - 1]
  if (matches.length > wanted && last !== undefined) return again({ ...inspection, atMost: last.looked })
  return { ...step, runs: matches.map(({ run }) => run) }
}

/** The streams that a step may have to read; cut if others have runs behind it. */
async function nearest(
  calls: ScriptCalls,
  { streams, filter }: Reading,
  order: 'newest' | 'oldest' | 'longest',
  from: number,
): Promise<{ readonly streams: readonly Buffer[]; readonly isCut: boolean }> {
  if (streams.length <= maxStreams) return { streams, isCut: false }
  const heads: { readonly stream: Buffer; readonly seq: number }[] = []
  for (let at = 0; at < streams.length; at += headsAtOnce) {
    const part = streams.slice(at, at + headsAtOnce)
    const reply = (await calls.run('list-heads', [filter, order, from, ...part])) as Buffer[]
    for (const [i, stream] of part.entries()) {
      const head = String(reply[i] ?? '')
      if (head !== '') heads.push({ stream, seq: Number(head) })
    }
  }
  const sign = order === 'newest' ? -1 : 1
  const next = heads.sort((a, b) => sign * (a.seq - b.seq)).slice(0, maxStreams)
  return { streams: next.map(({ stream }) => stream), isCut: heads.length > maxStreams }
}

/** Those of the runs whose decoded record fits too. */
function matching(calls: ScriptCalls, search: RunSearch, found: readonly Found[]): readonly Match[] {
  return found
    .map((reply) => {
      const [id, ...parts] = reply.slice(0, -1) as Buffer[]
      const run = toRun(wholeRun(String(id), parts), (at) => calls.clock.shown(at))
      return { run, looked: Number(reply.at(-1)) }
    })
    .filter(({ run }) => matchesRecord(run, search))
}
