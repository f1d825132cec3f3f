import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { percentile, printEvidence, provingNumber } from '../test/support/evidence.ts'
import type { RecordedTerminal } from '../test/support/terminal/recorded-terminal.ts'
import { embeddedSite, redisSite, type Site } from './prove-tui/sites.ts'
import { cpuMsOf, msUntil, rssMiBOf, withBundle, withTerminal } from './prove-tui/with-tui.ts'

/*
 * What jobs-tui costs, and how soon it shows something, on a store with 5,000 transitions a second behind it, in a terminal
 * of 160x45: its CPU and its server's, the first frame, keys, and memory over ten minutes.
 */

const rate = provingNumber('DURABLE_JOBS_PROVE_RATE', 5_000)
/** So long CPU time is measured, for each screen. */
const windowSeconds = provingNumber('DURABLE_JOBS_PROVE_SECONDS', 60)
const starts = provingNumber('DURABLE_JOBS_PROVE_SAMPLES', 10)
const rounds = provingNumber('DURABLE_JOBS_PROVE_ROUNDS', 20)
/** The memory of the last minute is held against that of minute 2. */
const minutes = provingNumber('DURABLE_JOBS_PROVE_MINUTES', 10)
const minuteMs = provingNumber('DURABLE_JOBS_PROVE_MINUTE_MS', 60_000)

const goals = { firstFrameMs: 350, cpuPercent: 15, keyMs: 50, growthPercent: 10 } as const
const digits = { home: '1', runs: '2', failures: '7', events: '8' } as const

function isMissed(misses: boolean): string {
  if (misses) process.exitCode = 1
  return misses ? 'missed' : 'met'
}

/** Transitions in the background. Resolves when they have reached their rate, or don't rise any more. */
async function startLoad(url: string): Promise<{ child: ChildProcess; perSecond: () => number }> {
  const child = fork(fileURLToPath(new URL('./transitions.ts', import.meta.url)), [url, String(rate)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const told: number[] = []
  child.on('message', (count) => told.push(Number(count)))
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the transitions ended by themselves, with exit code ${code}`)
  })
  gone.catch(() => undefined)
  for (let i = 0; i < 5; i++) await Promise.race([once(child, 'message'), gone])
  return { child, perSecond: () => Math.round(percentile(told.splice(0), 0.5)) }
}

async function endLoad(child: ChildProcess): Promise<void> {
  child.disconnect()
  await once(child, 'exit')
}

/** Takes turns with a Node that does nothing, so that both meet the same machine. */
async function proveFirstFrame(program: string, { name, url }: Site, when: string): Promise<void> {
  const nothing: number[] = []
  const frame: number[] = []
  const data: number[] = []
  for (let i = -1; i < starts; i++) {
    const node = await withTerminal(['-e', '0'], (terminal) =>
      msUntil(terminal, (now) => now.transcript().includes('ended')),
    )
    const [first, live] = await withTerminal([program, '--store', url], async (terminal) => {
      const begun = performance.now()
      const firstMs = await msUntil(terminal, (now) => now.isFullScreen && now.hasFrameOf(now.size))
      await terminal.shows(/live \d/)
      return [firstMs, performance.now() - begun]
    })
    if (i < 0) continue
    nothing.push(node)
    frame.push(first)
    data.push(live)
  }
  const firstMs = percentile(frame, 0.5)
  printEvidence({
    measure: `from the command to the first frame, ${name}, ${when}`,
    ...{ starts, 'median ms': round(firstMs), 'p95 ms': round(percentile(frame, 0.95)) },
    'node -e 0 ms': round(percentile(nothing, 0.5)),
    'first data ms': round(percentile(data, 0.5)),
    goal: `below ${goals.firstFrameMs}, ${isMissed(firstMs >= goals.firstFrameMs)}`,
  })
}

/** CPU while the user only looks, screen by screen. */
async function proveCpu(
  terminal: RecordedTerminal,
  site: Site,
  { alone, load }: { readonly alone: number | undefined; readonly load: () => number },
): Promise<void> {
  const pid = await terminal.pid()
  for (const [screen, digit] of Object.entries(digits)) {
    await terminal.type(digit)
    await terminal.shows(`[${digit} `)
    await sleep(1_000)
    load()
    const before = cpuMsOf(pid)
    const bytes = terminal.recording.length
    const { frames } = terminal
    const server = await serverMsPerMinute(site, () => sleep(windowSeconds * 1_000))
    const percent = (cpuMsOf(pid) - before) / windowSeconds / 10
    printEvidence({
      measure: `CPU of jobs-tui on ${screen}, ${site.name}`,
      ...{ 'transitions per s': load(), seconds: windowSeconds, 'percent of a core': round(percent) },
      'frames per s': round((terminal.frames - frames) / windowSeconds),
      'kB per s': round((terminal.recording.length - bytes) / windowSeconds / 1_000),
      ...(server === undefined ? {} : { 'server CPU ms per minute': server, 'without jobs-tui': alone ?? 0 }),
      goal: `below ${goals.cpuPercent}, ${isMissed(percent >= goals.cpuPercent)}`,
    })
  }
}

async function serverMsPerMinute({ cpuMs }: Site, wait: () => Promise<void>): Promise<number | undefined> {
  const before = await cpuMs?.()
  const begun = performance.now()
  await wait()
  if (cpuMs === undefined || before === undefined) return undefined
  return round(((await cpuMs()) - before) / ((performance.now() - begun) / 60_000))
}

/** Keys, each with what only it can have changed. */
const presses: readonly (readonly [key: string, seen: RegExp])[] = [
  ['2', /\[2 /],
  ['g', / 1 of /],
  ['j', / 2 of /],
  ['j', / 3 of /],
  ['k', / 2 of /],
  ['?', /type search/],
  ['\x1b', / filter /],
  ['7', /\[7 /],
  ['8', /\[8 /],
  ['3', /\[3 /],
  ['4', /\[4 /],
  [':', /^:/],
  ['\x1b', / command /],
  ['1', /\[1 /],
]

async function proveKeys(terminal: RecordedTerminal, { name }: Site): Promise<void> {
  await terminal.type('1')
  await terminal.shows(/\[1 /)
  const times: number[] = []
  const slowest = { ms: 0, key: '' }
  for (let round = 0; round < rounds; round++) {
    for (const [key, seen] of presses) {
      const begun = performance.now()
      await terminal.type(key)
      await terminal.shows(seen)
      const ms = performance.now() - begun
      times.push(ms)
      if (ms > slowest.ms) Object.assign(slowest, { ms, key })
      // As a person who looks at what a key did.
      await sleep(120)
    }
  }
  const p95 = percentile(times, 0.95)
  printEvidence({
    measure: `from a key to what it changes on the screen, ${name}`,
    ...{ keys: times.length, 'p50 ms': round(percentile(times, 0.5)), 'p95 ms': round(p95) },
    'most ms': `${round(slowest.ms)} (${JSON.stringify(slowest.key)})`,
    goal: `p95 below ${goals.keyMs}, ${isMissed(p95 >= goals.keyMs)}`,
  })
}

/** Screens take turns meanwhile, as under a user who looks around. */
async function proveMemory(terminal: RecordedTerminal, { name }: Site): Promise<void> {
  const pid = await terminal.pid()
  const shown = Object.values(digits)
  const samples: { readonly minute: number; readonly mib: number }[] = []
  const begun = performance.now()
  const minute = (): number => (performance.now() - begun) / minuteMs
  for (let i = 0; minute() < minutes; i++) {
    await terminal.type(shown[i % shown.length] ?? '1')
    await sleep(minuteMs / 30)
    samples.push({ minute: minute(), mib: rssMiBOf(pid) })
  }
  const inMinute = (last: number): number =>
    percentile(
      samples.filter(({ minute: at }) => at > last - 1 && at <= last).map(({ mib }) => mib),
      0.5,
    )
  const [early, late] = [inMinute(2), inMinute(minutes)]
  const growth = (late / early - 1) * 100
  printEvidence({
    measure: `resident memory of jobs-tui, ${name}, MiB`,
    ...{ 'minute 2': round(early), [`minute ${minutes}`]: round(late), 'growth percent': round(growth) },
    most: round(Math.max(...samples.map(({ mib }) => mib))),
    goal: `within ${goals.growthPercent} percent, ${isMissed(growth > goals.growthPercent)}`,
  })
}

function round(value: number): number {
  return Number(value.toFixed(1))
}

async function prove(program: string, site: Site): Promise<void> {
  const { child, perSecond } = await startLoad(site.url)
  try {
    await proveFirstFrame(program, site, `${rate} transitions a second`)
    const alone = await serverMsPerMinute(site, () => sleep(windowSeconds * 1_000))
    await withTerminal([program, '--store', site.url], async (terminal) => {
      await terminal.begin()
      await terminal.shows(/live \d/)
      await proveCpu(terminal, site, { alone, load: perSecond })
      await proveKeys(terminal, site)
      await proveMemory(terminal, site)
    })
  } finally {
    await endLoad(child)
  }
  await proveFirstFrame(program, site, 'nothing going on')
}

await withBundle(async (program) => {
  for (const open of [redisSite, embeddedSite]) {
    const site = await open()
    try {
      await prove(program, site)
    } finally {
      await site.close()
    }
  }
})
