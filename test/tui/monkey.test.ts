import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { expect, inject, onTestFinished, test } from 'vitest'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { RecordedTerminal } from '../support/terminal/recorded-terminal.ts'
import { outsideFrames } from './support/frame-bytes.ts'
import { type MonkeyAct, nextAct } from './support/key-monkey.ts'

const keys = provingNumber('DURABLE_JOBS_PROVE_KEYS', 200)
/** A busy machine makes its terminal fall behind: in `prove` no other test runs beside it. */
const isProving = process.env.DURABLE_JOBS_PROVE_KEYS !== undefined
/** The keys are spread over this time; 0: as fast as the program reads them. */
const seconds = provingNumber('DURABLE_JOBS_PROVE_SECONDS', 0)
const seed = provingNumber('DURABLE_JOBS_PROVE_SEED', 12)
/** Keys between two looks at whether the screen is the frame. */
const keysBetweenLooks = 40
const usual = { columns: 120, rows: 30 }

test.runIf(isProving)(
  `random keys, resizes and stops leave an intact screen (npm run prove -- tui)`,
  async () => {
    const begun = performance.now()
    const { terminal, temporary } = await openDemo()
    const random = new SeededRandom(seed)
    const done = { keys: 0, resizes: 0, stops: 0, looks: 0 }
    let lookedForMs = 0
    while (done.keys < keys) {
      const act = nextAct(random)
      await carryOut(terminal, act)
      if (act.kind === 'type') done.keys += act.keys
      if (act.kind === 'resize') done.resizes += act.sizes.length
      if (act.kind === 'stop') done.stops++
      if (done.keys >= keysBetweenLooks * (done.looks + 1)) {
        const lookedAt = performance.now()
        await expectWholeFrame(terminal)
        lookedForMs += performance.now() - lookedAt
        done.looks++
      }
      const early = begun + lookedForMs + (seconds * 1_000 * done.keys) / keys - performance.now()
      if (early > 0) await sleep(early)
    }
    await expectWholeFrame(terminal)
    expect(terminal.faults).toEqual([])

    await terminal.type('\x03')
    const { code, before, after } = await terminal.ended()
    expect(code).toBe(0)
    expect(after).toBe(before)
    // Only the output of the lent terminal: the prompt is right below.
    await terminal.until((now) => now.transcript().at(-1) === '>')
    const lent = Array.from({ length: done.stops }, () => [
      '',
      '[1]+  Stopped                 sh run',
      '> fg',
      'sh run',
    ])
    // A key that was not read before the program stopped is echoed there.
    const said = terminal
      .transcript()
      .slice(1)
      .map((line, i, all) => (all[i + 1]?.startsWith('[1]+') ? '' : line))
    expect(said).toEqual(['playing the last 24 hours of a shop ...', ...lent.flat(), 'ended', '>'])
    expect(outsideFrames(terminal.recording)).toBe('')
    expect(readdirSync(temporary)).toEqual([])
    printEvidence({
      measure: 'a random monkey at jobs-tui --demo --write: faults',
      ...{ seed, ...done, frames: terminal.frames, faults: terminal.faults.length },
      seconds: Math.round((performance.now() - begun) / 1_000),
    })
  },
)

async function openDemo(): Promise<{ terminal: RecordedTerminal; temporary: string }> {
  const program = [process.execPath, inject('jobsTui'), '--demo', '--seed', String(seed), '--write']
  // A pager that ends by itself: the keys that follow are not for it.
  const env = { PAGER: 'cat >/dev/null', TMPDIR: './temporary' }
  const terminal = await RecordedTerminal.open({ size: usual, program, env })
  onTestFinished(() => terminal.close())
  const temporary = join(terminal.folder, 'temporary')
  mkdirSync(temporary)
  await terminal.begin()
  await terminal.shows(/live \d/)
  return { terminal, temporary }
}

async function carryOut(terminal: RecordedTerminal, act: MonkeyAct): Promise<void> {
  switch (act.kind) {
    case 'type':
      return terminal.type(act.text)
    case 'resize': {
      const { columns, rows } = terminal.size
      // The last one is new: its frame shows that the program has read it.
      return terminal.resize(...act.sizes.filter((size) => size.columns !== columns || size.rows !== rows))
    }
    case 'signal':
      process.kill(await terminal.pid(), act.signal)
      return
    case 'stop':
      return lendToShell(terminal, act.by)
  }
}

async function lendToShell(terminal: RecordedTerminal, by: 'ctrl-z' | 'SIGTSTP'): Promise<void> {
  // In a text field ctrl-z is no command.
  if (by === 'ctrl-z') {
    await terminal.resize(usual)
    await freeze(terminal)
    await unfreeze(terminal)
  }
  const prompts = promptsOf(terminal)
  if (by === 'ctrl-z') await terminal.type('\x1a')
  else process.kill(await terminal.pid(), 'SIGTSTP')
  await terminal.until((now) => !now.isFullScreen && promptsOf(now) > prompts, 'a prompt of the shell')
  await terminal.type('fg\r')
  await terminal.until((now) => now.isFullScreen && now.hasFrameOf(now.size), 'the screen is back')
}

function promptsOf(terminal: RecordedTerminal): number {
  return terminal.transcript().filter((line) => line.startsWith('>')).length
}

/**
 * Types a number that was never typed before, into the command line or the open text field: when it is shown, all keys
 * before have been read.
 */
async function catchUp(terminal: RecordedTerminal): Promise<void> {
  for (let presses = 0; presses < 20; presses++) {
    const { frames } = terminal
    const typed = String(++lastTyped)
    const isShown = (now: RecordedTerminal) => now.lines().some((line) => line.includes(typed))
    await terminal.type('\x1b')
    await terminal.type(`:${typed}`)
    await terminal.until((now) => isShown(now) || now.frames > frames + patientFrames, `${typed} is shown`)
    if (isShown(terminal)) return
  }
  throw new Error(`no text field can be opened:\n${terminal.lines().join('\n')}`)
}

let lastTyped = 700_000

/** Leaves dialogs, text fields and lists by esc. `F` freezes the view only where none is open. */
async function freeze(terminal: RecordedTerminal): Promise<void> {
  await catchUp(terminal)
  for (let presses = 0; presses < 20; presses++) {
    const was = isFrozen(terminal)
    const { frames } = terminal
    await terminal.type('\x1b')
    await terminal.type('F')
    await terminal.until(
      (now) => isFrozen(now) !== was || now.frames > frames + patientFrames,
      'an answer to F',
    )
    if (isFrozen(terminal) === was) continue
    if (was) await terminal.type('F')
    await terminal.until(isFrozen, 'a view that stands still')
    return
  }
  throw new Error(`it can't be left by esc:\n${terminal.lines().join('\n')}`)
}

/** The clock of the first line has a frame painted once a second at least. */
const patientFrames = 10

async function unfreeze(terminal: RecordedTerminal): Promise<void> {
  await terminal.type('F')
  await terminal.until((now) => !isFrozen(now), 'a view that moves on')
}

function isFrozen(terminal: RecordedTerminal): boolean {
  return /FROZEN/.test(terminal.lines()[0] ?? '')
}

/** Successive partial paints equal one paint of the whole frame. */
async function expectWholeFrame(terminal: RecordedTerminal): Promise<void> {
  await terminal.resize(usual)
  await freeze(terminal)
  const shown = await standstill(terminal)
  const { wipes } = terminal
  await terminal.type('\x0c')
  await terminal.until((now) => now.wipes > wipes && now.hasFrameOf(now.size), 'the screen painted anew')
  expect(shown).toEqual(still(terminal))
  await unfreeze(terminal)
}

/** The screen once no frame changes it any more: a frozen view still takes the first read of its place. */
async function standstill(terminal: RecordedTerminal): Promise<readonly string[]> {
  let shown = still(terminal)
  let { frames } = terminal
  await terminal.until((now) => {
    if (!isDeepStrictEqual(still(now), shown)) {
      shown = still(now)
      frames = now.frames
    }
    return now.frames >= frames + equalFrames
  }, 'a view that stands still')
  return shown
}

const equalFrames = 3

/** All but the line with the clock and the line of messages, which continue in a frozen view. */
function still(terminal: RecordedTerminal): readonly string[] {
  const lines = terminal.lines()
  return [...lines.slice(1, -2), lines.at(-1) ?? '']
}
