import { randomInt } from 'node:crypto'
import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { chunkCount, readCandidates, writeCandidates } from './candidates.ts'
import { type DemoFolder, makeDemoFolder } from './demo-folder.ts'
import { liveView } from './live-view.ts'
import { plainView } from './plain-view.ts'
import { DemoError, playImport } from './play-import.ts'
import { checkEnding } from './receipt.ts'
import { nextLines, receiptLines } from './receipt-text.ts'
import { type DemoScreen, terminalScreen } from './screen.ts'
import { beginStory, type Story } from './story.ts'

export interface DemoOptions {
  /** The store of the run. Default: a SQLite file in the demo's temporary folder. */
  store?: string
  /** Keeps the temporary folder for inspection. Default: in a terminal, unless the run is in a store of its own. */
  keep?: boolean
  io?: DemoScreen
}

const candidateLines = 2_000
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const interruptedCode = 130

/** Shows how a run survives the SIGKILL of its worker, and checks it. Returns the exit code. */
export async function runDemo(options: DemoOptions = {}): Promise<number> {
  const screen = options.io ?? terminalScreen()
  const csv = writeCandidates(candidateLines)
  const folder = makeDemoFolder(csv)
  const story = beginStory(candidateLines, stepCount(csv))
  const leaves = options.keep ?? (screen.terminal && options.store === undefined)
  let keep = options.keep ?? false
  const remove = (): void => {
    if (!keep) rmSync(folder.root, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', remove)
  try {
    const code = await present(screen, story, folder, { ...options, keep: leaves })
    keep ||= code === 1 || (code === 0 && leaves)
    if (keep) screen.write(`\n  its files: ${folder.root}\n`)
    return code
  } finally {
    process.off('exit', remove)
    remove()
  }
}

/** Plays, prints the receipt, and returns the exit code. */
async function present(
  screen: DemoScreen,
  story: Story,
  folder: DemoFolder,
  options: DemoOptions,
): Promise<number> {
  const store = options.store ?? `sqlite:${join(folder.root, 'jobs.db')}`
  const view = screen.live ? liveView(screen) : plainView(screen)
  const interruption = listenForStop()
  const play = { folder, store, queue: basename(folder.root), killAt: randomInt(10, 18), story }
  const show = (): void => view.show(story)
  try {
    const ending = await playImport({ ...play, show, interrupted: interruption.signal }).finally(view.end)
    const checks = checkEnding(story, folder, ending)
    const stays = options.store !== undefined || options.keep === true
    screen.write(receiptLines(checks, screen))
    screen.write(nextLines(ending.run.id, stays ? store : undefined, screen))
    return checks.every(({ holds }) => holds) ? 0 : 1
  } catch (error) {
    if (interruption.signal.aborted) return interruptedCode
    if (!(error instanceof DemoError)) throw error
    screen.write(`\n  the demo could not be played: ${error.message.trimEnd()}\n`)
    return 1
  } finally {
    interruption.release()
  }
}

/** The steps of the import of `csv`: validate, the chunks of rows and of mails, and the report. */
function stepCount(csv: string): number {
  return 2 + 2 * chunkCount(readCandidates(csv).candidates.length)
}

function listenForStop(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  for (const signal of stopSignals) process.on(signal, stop)
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of stopSignals) process.off(signal, stop)
    },
  }
}
