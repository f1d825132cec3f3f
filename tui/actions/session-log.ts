import { plainText } from '../../runtime/cli/plain-text.ts'
import { clockTime } from '../../runtime/describe/clock-time.ts'
import type { LogEntry } from '../app/dialog.ts'
import type { Tone } from '../kit/tone.ts'

/** A line of the pane of actions of this session. */
export interface LogRow {
  readonly id: string
  readonly at: string
  readonly action: string
  readonly target: string
  readonly outcome: LogEntry['outcome']
  readonly text: string
  readonly tone: Tone
}

const tones: Readonly<Record<LogEntry['outcome'], Tone>> = {
  done: 'good',
  partly: 'warn',
  refused: 'bad',
  stopped: 'warn',
  unknown: 'bad',
}

/** The newest first. */
export function logRows(log: readonly LogEntry[], now: number): readonly LogRow[] {
  return log
    .map(({ at, command, target, outcome, text }, i) => ({
      ...{ id: String(i), at: clockTime(at, now), action: command, target: plainText(target), outcome },
      ...{ text: plainText(text), tone: tones[outcome] },
    }))
    .reverse()
}
