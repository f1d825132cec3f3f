import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

// npm run prove               measures every part and writes docs/evidence.md
// npm run prove -- PART…      measures these parts; the sections of the others stay as they are
// npm run prove -- --list     lists the parts

interface Part {
  readonly name: string
  readonly shows: string
  readonly command: readonly [program: string, ...rest: string[]]
  readonly env?: Readonly<Record<string, string>>
  /** Why it can't be measured here, if so. */
  readonly missing?: () => string | undefined
}

interface Measured {
  readonly part: Part
  readonly figures: readonly Readonly<Record<string, unknown>>[]
  readonly result: string
  readonly passed: boolean
}

const root = join(import.meta.dirname, '..')
const evidenceFile = join(root, 'docs/evidence.md')
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts'] as const

const heading = `# Evidence

Written by \`npm run prove\`; each part replaces its own section. Absolute times belong to the machine named beside them.
`

function crashTests(...files: string[]): Part['command'] {
  return [
    process.execPath,
    ...vitest,
    '--project',
    'crash',
    ...files.map((file) => `test/crash/${file}.test.ts`),
  ]
}

function fargateTests(...files: string[]): Part['command'] {
  return [
    process.execPath,
    ...vitest,
    '--project',
    'fargate',
    ...files.map((file) => `test/fargate/${file}.test.ts`),
  ]
}

const crashParts: readonly Part[] = [
  {
    name: 'kills',
    shows: '2,000 seeded runs under workers killed at random: none lost, no stored step executed again',
    command: crashTests('random-kills'),
    env: { DURABLE_JOBS_PROVE_RUNS: '2000' },
  },
  {
    name: 'points',
    shows: 'A worker killed, stopped or blocked at each named point of a run',
    command: crashTests('kill-points', 'at-most-once', 'stalled-worker'),
  },
  {
    name: 'races',
    shows:
      '2,000 seeded races of steps under native race, any, all and allSettled, their workers killed at seeded points: each is won as in one execution of the same journal',
    command: crashTests('races'),
    env: { DURABLE_JOBS_PROVE_RACES: '2000' },
  },
  {
    name: 'takeover',
    shows: 'From SIGKILL to the next step in another process, default settings, 100 samples',
    command: crashTests('takeover'),
    env: {
      DURABLE_JOBS_PROVE_SAMPLES: '100',
      DURABLE_JOBS_PROVE_LEASE: '10000',
      DURABLE_JOBS_PROVE_LEASE_SAMPLES: '40',
    },
  },
  {
    name: 'drain',
    shows: 'From SIGTERM to exit code 0 with steps of 200 ms running, nothing spent, 20 samples',
    command: crashTests('drain'),
    env: { DURABLE_JOBS_PROVE_DRAINS: '20' },
  },
  {
    name: 'cancel',
    shows: "From a cancel to the running step's signal in another process, 20 samples",
    command: crashTests('cancel'),
    env: { DURABLE_JOBS_PROVE_CANCELS: '20' },
  },
  {
    name: 'leader',
    shows:
      'From SIGKILL and from SIGTERM of the leader to the next one, default settings, 50 samples each; a stopped leader that wakes is refused',
    command: crashTests('leader'),
    env: { DURABLE_JOBS_PROVE_LEADERS: '50' },
  },
  {
    name: 'cron',
    shows:
      'A schedule of every second, its leader killed or drained around a tick 200 times: each tick fired once, no gap in the ledger; two leaders forced at once',
    command: crashTests('cron'),
    env: { DURABLE_JOBS_PROVE_CRON: '200' },
  },
  {
    name: 'poison',
    shows: 'A run that kills each worker is failed by name after its real pauses; those beside it complete',
    command: crashTests('poison'),
    env: { DURABLE_JOBS_PROVE_POISON: '1' },
  },
  {
    name: 'unique',
    shows:
      '200 enqueues of one key at once from 4 processes make one run; under kills and drains no two runs of a key overlap',
    command: crashTests('unique'),
    env: { DURABLE_JOBS_PROVE_BURSTS: '50', DURABLE_JOBS_PROVE_RUNS: '500' },
  },
  {
    name: 'actions',
    shows:
      'A retry of 10,000 failures of one fingerprint by a command line that is killed three times and continued: each retried once',
    command: crashTests('actions'),
    env: { DURABLE_JOBS_PROVE_RETRIED: '10000' },
  },
]

const limitsPart: Part = {
  name: 'limits',
  shows:
    '5,000 runs of 50 keys, 3 at a time, under workers killed at random: never above 3 in live processes, all end; 1,000 waiters',
  command: [...crashTests('limits'), 'test/faults/limit-waiters.test.ts'],
  env: {
    DURABLE_JOBS_PROVE_LIMITED: '5000',
    DURABLE_JOBS_PROVE_KEYS: '50',
    DURABLE_JOBS_PROVE_BODY_MS: '400',
    DURABLE_JOBS_PROVE_SIGNALS: '30',
    DURABLE_JOBS_PROVE_SIGNAL_MS: '1000',
    DURABLE_JOBS_PROVE_IDLE_MS: '10000',
    DURABLE_JOBS_PROVE_WAITERS: '1000',
  },
}

const parts: readonly Part[] = [
  ...crashParts.map(onEmbeddedStore),
  ...crashParts.map(onRedis),
  withRedis({
    name: 'faults-redis',
    shows:
      'A proxy that cuts, stalls, drops, repeats and holds back for 60 s under load; restarts, outages, a promotion, full memory',
    command: [process.execPath, ...vitest, '--project', 'crash', 'test/faults'],
    env: {
      DURABLE_JOBS_PROVE_FAULT_SECONDS: '60',
      DURABLE_JOBS_PROVE_ENQUEUES: '1000',
      DURABLE_JOBS_PROVE_QUEUED: '100000',
    },
  }),
  withRedis({
    name: 'outages-redis',
    shows:
      'A server that refuses writes, with reconnects per second; a stop without a store; each with its goal',
    command: [process.execPath, ...vitest, '--project', 'crash', 'test/faults/outages.test.ts'],
    env: { DURABLE_JOBS_PROVE_OUTAGE_SECONDS: '10' },
  }),
  withRedis({
    name: 'idle',
    shows:
      'Commands per second that 1 and 4 idle workers send to Redis; from SIGKILL of a worker of an idle fleet (50 ms after its first claim, as it looks at peers, as it leads) to what goes on elsewhere',
    command: crashTests('idle-fleet'),
    env: {
      DURABLE_JOBS_PROVE_STORE: 'redis',
      DURABLE_JOBS_PROVE_DEATHS: '20',
      DURABLE_JOBS_PROVE_IDLE_SECONDS: '60',
    },
  }),
  {
    name: 'ticks',
    shows:
      'Two years of ticks of 12 patterns in Europe/Berlin, America/New_York, Australia/Lord_Howe and Asia/Tokyo, minute by minute against Intl.DateTimeFormat',
    command: [process.execPath, ...vitest, '--project', 'unit', 'test/unit/model/cron.test.ts'],
    env: { DURABLE_JOBS_PROVE_DAYS: '730' },
  },
  withRedis({
    name: 'failures',
    shows:
      'What failures in groups cost beside failures without, on both stores; a million distinct messages leave a bounded store',
    command: [process.execPath, 'scripts/prove-failures.ts'],
    env: { DURABLE_JOBS_PROVE_BATCHES: '3000', DURABLE_JOBS_PROVE_MESSAGES: '1000000' },
  }),
  {
    name: 'model',
    shows: 'The store contract, 2,000 random sequences of operations against the model',
    command: [process.execPath, ...vitest, '--project', 'contract'],
    env: { DURABLE_JOBS_PROVE_RUNS: '2000' },
  },
  withRedis({
    name: 'events',
    shows:
      'Memory of 100,000 transitions on both stores, one at a time and 100 at a time; what the log adds to a claim, beside the log before',
    command: [process.execPath, ...vitest, '--project', 'contract', 'test/contract/log-cost.test.ts'],
    env: { DURABLE_JOBS_PROVE_EVENTS: '100000', DURABLE_JOBS_PROVE_ROUNDS: '15' },
  }),
  onEmbeddedStore(limitsPart),
  onRedis(limitsPart),
  withRedis({
    name: 'rates',
    shows: 'All five rates at once in 4 processes on one Redis for 60 s: never over by its clock',
    command: crashTests('rates'),
    env: { DURABLE_JOBS_PROVE_STORE: 'redis', DURABLE_JOBS_PROVE_RATE_SECONDS: '60' },
  }),
  {
    name: 'limits-model',
    shows: 'Limits by their mathematical definitions, pairs of limits and random histories, every store',
    command: [
      process.execPath,
      ...vitest,
      ...['--project', 'contract', '-t', 'limits by their definitions|pairs of limits|histories with limits'],
    ],
    env: {
      DURABLE_JOBS_PROVE_RATES: '400',
      DURABLE_JOBS_PROVE_PAIRS: '10000',
      DURABLE_JOBS_PROVE_HISTORIES: '400',
    },
  },
  withRedis({
    name: 'overview',
    shows: 'CPU time of overview() at 1,000 and at 1,000,000 runs, and at all of its bounds, on both stores',
    command: [
      process.execPath,
      ...vitest,
      ...['--project', 'contract', 'test/contract/overview-cost.test.ts'],
    ],
    // Another number of runs: DURABLE_JOBS_OVERVIEW_RUNS=100000 npm run prove -- overview
    env: {
      DURABLE_JOBS_PROVE_RUNS: process.env.DURABLE_JOBS_OVERVIEW_RUNS ?? '1000000',
      DURABLE_JOBS_PROVE_SAMPLES: '30',
    },
  }),
  {
    name: 'fargate-starts',
    shows:
      'From the enqueue of a run that needs protection to its start, among endless ordinary work of equal priority in two tasks of the fake ECS',
    command: fargateTests('protected-start'),
    env: { DURABLE_JOBS_PROVE_STARTS: '30' },
  },
  {
    name: 'fargate-tasks',
    shows:
      'Workers in tasks of the fake ECS: each way a task ends, told of its runs; each failure of a call for protection in each mode; two workers in a task; deployments of five protected tasks',
    command: fargateTests(
      'worker-deaths',
      'worker-identity',
      'replies-in-each-mode',
      'protected-deployments',
    ),
    env: { DURABLE_JOBS_PROVE_CASES: 'all', DURABLE_JOBS_PROVE_OLD_TASKS: '5' },
  },
  withRedis({
    name: 'fargate-calls',
    shows:
      'ECS calls of 50 workers whose protected runs come again as soon as protection was given back; 15 minutes of 20 s',
    command: fargateTests('flapping-workers'),
    env: {
      DURABLE_JOBS_PROVE_TASKS: '50',
      DURABLE_JOBS_PROVE_MINUTE_MS: '20000',
      DURABLE_JOBS_PROVE_MINUTES: '15',
      DURABLE_JOBS_PROVE_BRIEF_MS: '2000',
    },
  }),
  withRedis({
    name: 'searches',
    shows:
      'Searches, counters and queues at 1,000 and at 1,000,000 runs on both stores, as many runs inspected; bytes of each index',
    command: ['npm', '--prefix', 'bench', 'run', 'bench:searches'],
    // Fewer runs: BENCH_RUNS=100000 npm run prove -- searches
    env: { BENCH_RUNS: process.env.BENCH_RUNS ?? '1000000' },
  }),
  withRedis({
    name: 'keys',
    shows:
      'Each key of jobs-tui on each screen in a terminal of 80x24; each screen at three sizes and each action on both stores',
    command: [
      process.execPath,
      ...vitest,
      ...['--project', 'tui', 'terminal/every-key', 'terminal/screens', 'terminal/actions-by-keys'],
    ],
    env: { DURABLE_JOBS_PROVE_KEYS: 'all' },
  }),
  withRedis({
    name: 'screens',
    shows:
      'jobs-tui by keys on both stores: 10,000 failures of one cause retried, stopped in the middle and continued, each retried once; from kill -9 of a worker to the take-over on the screen',
    command: [
      process.execPath,
      ...vitest,
      ...['--project', 'tui', 'terminal/bulk-retry', 'terminal/killed-worker'],
    ],
    env: { DURABLE_JOBS_PROVE_RETRIED: '10000', DURABLE_JOBS_PROVE_KILLS: '5' },
  }),
  {
    name: 'tui',
    shows:
      '2,000 random keys, resizes and stops at jobs-tui --demo within 60 s: it lives, the screen is its frame, the terminal comes back',
    command: [process.execPath, ...vitest, '--project', 'tui', 'test/tui/monkey.test.ts'],
    env: { DURABLE_JOBS_PROVE_KEYS: '2000', DURABLE_JOBS_PROVE_SECONDS: '60' },
    missing: tmuxMissing,
  },
  {
    name: 'tui-load',
    shows:
      'jobs-tui at 160x45 with 5,000 transitions a second behind it, on both stores: its CPU and the server’s, first frame, keys, memory over ten minutes',
    command: [process.execPath, 'scripts/prove-tui-load.ts'],
    missing: () => redisMissing() ?? tmuxMissing(),
  },
  {
    name: 'tui-runs',
    shows: 'Home and Runs of jobs-tui open at 1,000 and at 1,000,000 runs, on both stores',
    command: [process.execPath, 'scripts/prove-tui-runs.ts'],
    // Fewer runs: DURABLE_JOBS_TUI_RUNS=100000 npm run prove -- tui-runs
    env: { DURABLE_JOBS_PROVE_RUNS: process.env.DURABLE_JOBS_TUI_RUNS ?? '1000000' },
    missing: () => redisMissing() ?? tmuxMissing(),
  },
  withRedis({
    name: 'fargate-story',
    shows:
      '2,000 runs on the fake of ECS: 2 -> 12 -> 2 tasks and a rolling deployment, nothing that needs protection is stopped; the same with Spot interruptions and machines that vanish, only at-least-once steps repeat',
    command: [process.execPath, ...vitest, '--project', 'fargate', 'test/fargate/story.test.ts'],
    env: {
      DURABLE_JOBS_PROVE_RUNS: '2000',
      DURABLE_JOBS_PROVE_TASKS: '12',
      DURABLE_JOBS_PROVE_INTERRUPTIONS: '6',
      DURABLE_JOBS_PROVE_VANISHINGS: '6',
      DURABLE_JOBS_PROVE_LEASE: '10000',
    },
  }),
  {
    name: 'no-op',
    shows: 'What a run that waits for nothing costs each store, beside another checkout (BENCH_BESIDE)',
    command: ['npm', '--prefix', 'bench', 'run', 'bench:no-op'],
    missing: () => redisMissing() ?? besideMissing(),
  },
  {
    name: 'bench-limits',
    shows: 'No-op jobs on one Redis under a limit that never closes, beside none',
    command: ['npm', '--prefix', 'bench', 'run', 'bench:limits'],
    missing: redisMissing,
  },
  {
    name: 'bench',
    shows: 'Stored steps per second beside bare SQLite and another library',
    command: ['npm', '--prefix', 'bench', 'run', 'bench'],
    missing: peersMissing,
  },
  {
    name: 'bench-redis',
    shows:
      'Jobs, steps, enqueues, pick-up, CPU and memory on one Redis beside BullMQ; checkpoints beside bare calls',
    command: ['npm', '--prefix', 'bench', 'run', 'bench:redis'],
    missing: () => redisMissing() ?? peersMissing(),
  },
]

function peersMissing(): string | undefined {
  return existsSync(join(root, 'bench/node_modules')) ? undefined : 'not installed: npm --prefix bench ci'
}

function besideMissing(): string | undefined {
  return process.env.BENCH_BESIDE === undefined
    ? 'nothing to compare with: BENCH_BESIDE=PATH of another checkout, with its dependencies'
    : undefined
}

function onEmbeddedStore(part: Part): Part {
  return { ...part, env: { ...part.env, DURABLE_JOBS_PROVE_STORE: 'embedded' } }
}

function onRedis(part: Part): Part {
  return withRedis({
    ...part,
    name: `${part.name}-redis`,
    shows: `${part.shows} (Redis)`,
    env: { ...part.env, DURABLE_JOBS_PROVE_STORE: 'redis' },
  })
}

function withRedis(part: Part): Part {
  return { ...part, missing: redisMissing }
}

function tmuxMissing(): string | undefined {
  return spawnSync('tmux', ['-V']).status === 0 ? undefined : 'tmux is not installed'
}

function redisMissing(): string | undefined {
  const { REDIS_SERVER: named = '' } = process.env
  const names = named === '' ? ['redis-server', 'valkey-server'] : [named]
  const found = names.some((name) => spawnSync(name, ['--version']).status === 0)
  return found ? undefined : `${names.join(' or ')} is not installed`
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => name !== '--list' && !parts.some((part) => part.name === name))
  if (unknown.length > 0) console.error(`prove: no part is named ${unknown.join(', ')}`)
  console.log(parts.map(({ name, shows }) => `${name.padEnd(14)} ${shows}`).join('\n'))
  if (unknown.length > 0) return 2
  if (names.includes('--list')) return 0

  const failed: string[] = []
  for (const part of parts.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const reason = part.missing?.()
    if (reason !== undefined) {
      console.log(`\nprove: ${part.name} is skipped, ${reason}`)
      continue
    }
    const measured = await measure(part)
    writeSection(measured)
    if (!measured.passed) failed.push(part.name)
  }
  console.log(failed.length === 0 ? '\nprove: all passed' : `\nprove: failed: ${failed.join(', ')}`)
  return failed.length === 0 ? 0 : 1
}

async function measure(part: Part): Promise<Measured> {
  console.log(`\nprove: ${part.name}: ${part.shows}`)
  const begun = Date.now()
  const { code, output } = await stream(part)
  const seconds = Math.round((Date.now() - begun) / 1_000)
  const passed = code === 0
  const tests = /^\s*Tests\s+(.*)$/m.exec(output)?.[1]?.trim()
  const result = `${passed ? 'passed' : '**failed**'}${tests === undefined ? '' : `, tests: ${tests}`}, ${seconds} s`
  const lines = [...output.matchAll(/^EVIDENCE (\{.*\})$/gm)].map(([, json = '{}']) => json)
  const figures = lines.map((json) => JSON.parse(json) as Record<string, unknown>)
  return { part, figures, result, passed }
}

/** Runs the command before everybody's eyes and keeps what it printed, without colours. */
function stream({ command, env }: Part): Promise<{ readonly code: number | null; readonly output: string }> {
  const [program, ...rest] = command
  const child = spawn(program, rest, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    process.stdout.write(text)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output: stripVTControlCharacters(output) }))
  })
}

/** Replaces the part's section and keeps the others, in the order of the parts. */
function writeSection(measured: Measured): void {
  const old = existsSync(evidenceFile) ? readFileSync(evidenceFile, 'utf8') : ''
  const sections = new Map(
    old
      .split(/^(?=## )/m)
      .filter((section) => section.startsWith('## '))
      .map((section) => [section.slice(3).split('\n', 1)[0] ?? '', section.trimEnd()]),
  )
  sections.set(measured.part.name, sectionText(measured))
  const ordered = parts.flatMap(({ name }) => sections.get(name) ?? [])
  mkdirSync(dirname(evidenceFile), { recursive: true })
  writeFileSync(evidenceFile, `${[heading.trimEnd(), ...ordered].join('\n\n')}\n`)
  console.log(`prove: ${measured.part.name} ${measured.result}; written to docs/evidence.md`)
}

function sectionText({ part, figures, result }: Measured): string {
  const date = new Date().toISOString().slice(0, 10)
  const cells = [
    `\`npm run prove -- ${part.name}\``,
    date,
    machine(),
    figures.map(figureText).join('<br>'),
    result,
  ]
  return [
    `## ${part.name}`,
    '',
    `${part.shows}.`,
    '',
    '| command | date | machine | figures | result |',
    '|---|---|---|---|---|',
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  ].join('\n')
}

function figureText({ measure: name, ...figures }: Readonly<Record<string, unknown>>): string {
  const values = Object.entries(figures).map(([figure, value]) => `${figure} ${String(value)}`)
  return `${String(name)}: ${values.join(', ')}`
}

function machine(): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return `${model}, ${availableParallelism()} cores, ${gibibytes} GiB, Node ${process.version}, ${process.platform}, ${revision()}`
}

/** The commit that was measured. */
function revision(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  const commit = git('rev-parse', '--short', 'HEAD')
  if (commit.status !== 0) return 'commit unknown'
  const changed = git('status', '--porcelain', '--untracked-files=no').stdout.trim() !== ''
  return `commit ${commit.stdout.trim()}${changed ? ' with changes' : ''}`
}

process.exitCode = await main(process.argv.slice(2))
