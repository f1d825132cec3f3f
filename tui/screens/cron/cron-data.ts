import type { Jobs } from '../../../runtime/client/client.ts'
import type { CronFire } from '../../../runtime/model/cron.ts'
import { isEnd, type RunState } from '../../../runtime/model/run.ts'
import type { LedgerLine, ScheduleInfo } from '../../../runtime/store/schedules.ts'
import type { ReadRequest } from '../screen.ts'

/*
 * The data of Cron.
 * CD1  A ledger is read again only when its schedule's last entry differs, or has more ticks: stretches that are
 * skipped grow in place.
 * CD2  The state of a schedule's last run is read until the run has ended.
 * CD3  One read makes at most `maxReads` of these, those of the schedule under the cursor first; the next read
 * continues.
 */
export interface CronData {
  readonly schedules: readonly ScheduleInfo[]
  /** By schedule, the newest line first. */
  readonly ledgers: ReadonlyMap<string, readonly LedgerLine[]>
  /** By schedule. */
  readonly lastRuns: ReadonlyMap<string, LastRun>
  /** Of the schedule under the cursor. */
  readonly ticks?: { readonly schedule: string; readonly fires: readonly CronFire[] }
  /** Name of the user's time zone. */
  readonly zone: string
  /** CD3: something is still to be read. */
  readonly isPartial: boolean
}

export interface LastRun {
  readonly id: string
  /** Undefined: the run is no longer in the store. */
  readonly state: RunState | undefined
  /** When it came into that state. */
  readonly changedAt: number
}

const maxLines = 40
const maxReads = 12
const shownTicks = 5

type Reads = Pick<Jobs['inspector'], 'schedules' | 'ledger' | 'run'>

export interface CronReads {
  readonly inspector: Reads
  readonly schedules: Pick<Jobs['schedules'], 'preview'>
}

export async function loadCron(
  { inspector, schedules: client }: CronReads,
  { current, wanted }: Pick<ReadRequest, 'current' | 'wanted'>,
  before: CronData | undefined,
): Promise<CronData> {
  const moved =
    before?.ticks !== undefined && current !== undefined && scheduleOf(current) !== before.ticks.schedule
  const schedules = moved ? before.schedules : await inspector.schedules()
  const chosen = schedules.find(({ name }) => name === scheduleOf(current ?? ''))
  const shown = [...(chosen === undefined ? [] : [chosen]), ...schedules.slice(0, wanted)]
  const { ledgers, left: ledgersLeft } = await readLedgers(inspector, shown, before)
  const { lastRuns, left: runsLeft } = await readLastRuns(inspector, ledgers, before)
  const ticks = chosen === undefined ? undefined : await ticksOf(client, chosen)
  return {
    ...{ schedules, ledgers, lastRuns },
    ...(ticks === undefined ? {} : { ticks }),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    // Before the first read no row is there to be under the cursor.
    isPartial: ledgersLeft + runsLeft > 0 || (before === undefined && schedules.length > 0),
  }
}

/** A row of the ledger's list is of a schedule, too. */
function scheduleOf(row: string): string {
  return row.split('\0', 1)[0] ?? row
}

async function readLedgers(
  inspector: Reads,
  schedules: readonly ScheduleInfo[],
  before: CronData | undefined,
): Promise<{ readonly ledgers: CronData['ledgers']; readonly left: number }> {
  const known = before?.ledgers ?? new Map<string, readonly LedgerLine[]>()
  const stale = schedules.filter(({ name, last }) => {
    const first = known.get(name)?.[0]
    return !known.has(name) || first?.n !== last?.n || first?.count !== last?.count
  })
  const names = [...new Set(stale.map(({ name }) => name))]
  const read = await Promise.all(
    names
      .slice(0, maxReads)
      .map(async (name) => [name, await inspector.ledger(name, { limit: maxLines })] as const),
  )
  return { ledgers: new Map([...known, ...read]), left: Math.max(0, names.length - maxReads) }
}

async function readLastRuns(
  inspector: Reads,
  ledgers: CronData['ledgers'],
  before: CronData | undefined,
): Promise<{ readonly lastRuns: CronData['lastRuns']; readonly left: number }> {
  const known = before?.lastRuns ?? new Map<string, LastRun>()
  const open = [...ledgers].flatMap(([schedule, lines]) => {
    const id = lines.find(({ run }) => run !== undefined)?.run
    if (id === undefined) return []
    const last = known.get(schedule)
    const isKnown = last?.id === id && (last.state === undefined || isEnd(last.state))
    return isKnown ? [] : [{ schedule, id, isNew: last?.id !== id }]
  })
  // Unknown ones go first; the others are read again with every read anyway.
  const asked = open.toSorted((a, b) => Number(b.isNew) - Number(a.isNew)).slice(0, maxReads)
  const read = await Promise.all(
    asked.map(async ({ schedule, id }) => {
      const run = await inspector.run(id)
      return [schedule, { id, state: run?.state, changedAt: run?.changedAt ?? 0 }] as const
    }),
  )
  const left = open.filter((one) => one.isNew && !asked.includes(one)).length
  return { lastRuns: new Map([...known, ...read]), left }
}

async function ticksOf(
  client: CronReads['schedules'],
  { name, spec }: ScheduleInfo,
): Promise<NonNullable<CronData['ticks']>> {
  const { cron, timeZone } = spec
  return { schedule: name, fires: await client.preview({ cron, timeZone }, shownTicks) }
}
