import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Demo, startDemo } from '../tui/demo/demo.ts'
import { screenSvg } from './screens/screen-svg.ts'
import { terminalCells } from './screens/terminal-cells.ts'
import { type ScreenSize, TmuxScreen } from './screens/tmux-screen.ts'

/*
 * `npm run screens`: pictures of jobs-tui for the docs, docs/screens/NAME.svg. It looks at the shop of the demo in a real
 * terminal (tmux), so that a picture is what a person would see. Names of pictures may be given; all of them by default.
 */

const root = fileURLToPath(new URL('../', import.meta.url))

interface Shot {
  readonly name: string
  readonly title: string
  /** From Home on, as tmux names them. */
  readonly keys: readonly string[]
  /** On the screen when it may be taken. */
  readonly when: RegExp
}

const size: ScreenSize = { columns: 120, rows: 28 }
/** Home shows what it has found. */
const opened = /needs attention[^[]*warning/
/** The same shop in each picture. */
const seed = 3

const shots: readonly Shot[] = [
  {
    ...{ name: 'home', keys: ['1'], when: /'imports' is paused by maria/ },
    title: 'Home: rates of the last minutes, queues, workers, and what needs attention',
  },
  {
    ...{ name: 'runs', keys: ['2'], when: /\[2 Runs\][\s\S]*completed/ },
    title: 'Runs: a live list of all runs',
  },
  {
    ...{
      name: 'run',
      keys: ['2', '/', 'job:fulfil-order state:completed', 'Enter', 'Enter', 'w'],
      when: /book shipment[\s\S]*queued: true/,
    },
    title: 'A run: its steps and tries on one clock, and why it is where it is',
  },
  {
    ...{ name: 'queues', keys: ['3'], when: /\[3 Queues[\s\S]*Queue 'imports' has been paused/ },
    title: 'Queues, the one with the oldest ready run first',
  },
  {
    ...{ name: 'workers', keys: ['4'], when: /\[4 Workers[\s\S]*deploy of[\s\S]*in hand/ },
    title: 'Workers: who holds what, and how far a deploy has come',
  },
  {
    ...{ name: 'cron', keys: ['5'], when: /\[5 Cron[\s\S]*hourly-report[\s\S]*next +in/ },
    title: 'Cron: schedules, their next ticks, and what became of the last ones',
  },
  {
    ...{ name: 'limits', keys: ['6'], when: /\[6 Limits[\s\S]*pdf-renderer[\s\S]*PLACE[\s\S]*holds/ },
    title: 'Limits: what is full, who waits, and who holds it',
  },
  {
    ...{ name: 'failures', keys: ['7'], when: /\[7 Failures[\s\S]*now in [\s\S]*sample/ },
    title: 'Failures by cause; which are new since the last deploy',
  },
  {
    ...{ name: 'retry', keys: ['7', '/', 'sku', 'Enter', 'r'], when: /would run[\s\S]*copy command/ },
    title: 'A dialog says what an action would do before it is done',
  },
  {
    ...{ name: 'events', keys: ['8'], when: /\[8 Events\][\s\S]*, now/ },
    title: 'Events as they happen, the newest first',
  },
  {
    ...{ name: 'doctor', keys: ['9'], when: /\[9 Doctor[\s\S]*clock jumps/ },
    title: 'Doctor: checks of the store',
  },
  { ...{ name: 'keys', keys: ['?'], when: /moves the cursor down/ }, title: 'The keys of a screen' },
]

async function take(demo: Demo, { name, title, keys, when }: Shot): Promise<void> {
  const command = [
    'node',
    `${root}dist/tui/main.js`,
    '--store',
    demo.url,
    '--env',
    'demo',
    '--write',
    '--as',
    'you',
  ]
  const screen = new TmuxScreen(command, size)
  try {
    await screen.shows(opened)
    await screen.press(...keys)
    const lines = terminalCells(await screen.shows(when))
    writeFileSync(`${root}docs/screens/${name}.svg`, screenSvg({ title, ...size, lines }))
    process.stdout.write(`docs/screens/${name}.svg\n`)
  } finally {
    screen.close()
  }
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !shots.some((shot) => shot.name === name))
if (unknown.length > 0) {
  const names = shots.map(({ name }) => name).join(', ')
  throw new Error(`no picture is named ${unknown.join(', ')}; there are ${names}`)
}
mkdirSync(`${root}docs/screens`, { recursive: true })
const demo = await startDemo({ seed })
try {
  for (const shot of shots) if (wanted.length === 0 || wanted.includes(shot.name)) await take(demo, shot)
} finally {
  await demo.close()
}
