import { type Clock, pause, systemClock } from '../model/clock.ts'
import type { Inspector } from '../store/store.ts'
import { onStopSignals } from '../worker/stop-signals.ts'
import { remark, screenWidth } from './output.ts'
import { wrapLines } from './plain-text.ts'
import { throughOutages } from './through-outages.ts'

/** The output of a watched command at one moment. */
export interface Frame {
  /** For a terminal: lines that fit its width. */
  readonly text: string
  /** For a pipe: only if it differs from the previous frame. */
  readonly changes: unknown
}

/** Where frames go. */
export interface FrameOutput {
  write(text: string): void
  /** Writes a remark beside the frames, for the reader of a pipe. */
  tell(text: string): void
  /** Rows of the terminal; left out for a pipe. */
  readonly rows: number | undefined
}

/** A frame is drawn at most this often, and at least this often: ages grow without a change. */
const minFrameMs = 500
const maxFrameMs = 2_000

const enterScreen = '\x1b[?1049h\x1b[?25l'
const leaveScreen = '\x1b[?25h\x1b[?1049l'
const home = '\x1b[H'
const clearLine = '\x1b[K'
const clearBelow = '\x1b[J'

/**
 * Draws frames whenever the store may have changed, until `signal` aborts. A terminal gets them one over the other on
 * its alternate screen and keeps the last one; a pipe gets each that differs. An outage of the store after the first
 * frame is waited out.
 */
export async function drawFrames(
  inspector: Pick<Inspector, 'onChange'>,
  frame: () => Promise<Frame>,
  output: FrameOutput,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  let changed = new AbortController()
  const unsubscribe = inspector.onChange(() => changed.abort())
  const terminal = output.rows !== undefined
  let shown = ''
  const tell = (text: string): void => {
    if (output.rows === undefined) output.tell(text)
    else output.write(screenful([...wrapLines(text, screenWidth()), '', shown].join('\n'), output.rows))
  }
  if (terminal) output.write(enterScreen)
  try {
    let before: string | undefined
    while (!signal.aborted) {
      changed = new AbortController()
      const { text, changes } =
        before === undefined ? await frame() : await throughOutages(frame, { signal, clock, tell })
      const state = JSON.stringify(changes)
      if (output.rows !== undefined) output.write(screenful(text, output.rows))
      else if (state !== before) output.write(`${before === undefined ? '' : '\n'}${text}\n`)
      shown = text
      before = state
      await pause(clock, minFrameMs, signal)
      await pause(clock, maxFrameMs - minFrameMs, AbortSignal.any([signal, changed.signal]))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    unsubscribe()
    if (terminal) output.write(`${leaveScreen}${shown}\n`)
  }
}

/** As many lines as the terminal has, the last one free for the cursor. */
function screenful(text: string, rows: number): string {
  const lines = text.split('\n').slice(0, Math.max(1, rows - 1))
  return `${home}${lines.map((line) => `${line}${clearLine}\n`).join('')}${clearBelow}`
}

/** The same on stdout, until the process is told to stop. */
export async function watchFrames(
  inspector: Pick<Inspector, 'onChange'>,
  frame: () => Promise<Frame>,
): Promise<void> {
  const stop = new AbortController()
  const signals = onStopSignals(() => stop.abort())
  const { stdout } = process
  const output: FrameOutput = {
    write: (text) => void stdout.write(text),
    tell: remark,
    get rows() {
      return stdout.isTTY ? stdout.rows : undefined
    },
  }
  try {
    await drawFrames(inspector, frame, output, stop.signal)
  } finally {
    signals.release()
  }
}
