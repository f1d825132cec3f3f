import type { JournalEntry } from '../../../runtime/model/journal.ts'
import type { Run } from '../../../runtime/model/run.ts'
import type { ExecutionEnd, ExecutionInfo } from '../../../runtime/store/executions.ts'
import type { HistoryEntry } from '../../../runtime/store/store.ts'
import { layoutWaterfall, type WaterfallOptions } from '../../../tui/kit/waterfall.ts'
import { waterfallGlyphs } from '../../../tui/kit/waterfall-glyphs.ts'
import type { WaterfallInput } from '../../../tui/kit/waterfall-input.ts'
import { waterfallModel } from '../../../tui/kit/waterfall-model.ts'

/** When the runs of these tests were enqueued. */
export const begin = Date.UTC(2026, 10, 29, 12)

export const seconds = (n: number): number => begin + n * 1_000

/** A run that was claimed after 10 s; times in seconds from its begin. */
export function run(over: object = {}): Run {
  const facts = { id: 'r1', job: 'ship', version: 3, queue: 'mail', priority: 0, tags: [], headers: {} }
  const times = { enqueuedAt: begin, startedAt: seconds(10), changedAt: seconds(10) }
  return {
    ...facts,
    attempt: 1,
    losses: 0,
    ...times,
    position: 0,
    state: 'running',
    worker: 'w1',
    ...over,
  } as Run
}

/** Entries in their order. */
export function journal(...entries: readonly object[]): JournalEntry[] {
  const facts = { kind: 'run', attempt: 1, durationMs: 0, remainingMs: 0 }
  return entries.map((entry, i) => ({ ...facts, position: i + 1, ...entry }) as JournalEntry)
}

/** The end of a try at `at` seconds that took `took` seconds. */
export function done(path: string, at: number, took: number, over: object = {}): object {
  return { path, phase: 'done', at: seconds(at), durationMs: took * 1_000, value: new Uint8Array(), ...over }
}

export function retrying(path: string, at: number, took: number, pause: number, attempt = 1): object {
  const error = { name: 'Error', message: 'timeout' }
  return { ...done(path, at, took), phase: 'retrying', attempt, pauseMs: pause * 1_000, error }
}

export function sleeping(path: string, at: number, length: number): object {
  return { path, kind: 'sleep', phase: 'waiting', at: seconds(at), pauseMs: length * 1_000 }
}

export function awake(path: string, at: number): object {
  return { path, kind: 'sleep', phase: 'done', at: seconds(at), value: new Uint8Array() }
}

export function happened(kind: HistoryEntry['kind'], at: number, over: object = {}): HistoryEntry {
  return { kind, at: seconds(at), ...over }
}

/** From a claim at `from` seconds, for which it was ready `waited` seconds, to `to`. */
export function execution(
  n: number,
  from: number,
  waited: number,
  to: number,
  { worker, ...end }: Omit<ExecutionEnd, 'at'> & { readonly worker?: string },
): ExecutionInfo {
  const claim = { n, claimedAt: seconds(from), waitedMs: waited * 1_000 }
  return { ...claim, ...(worker === undefined ? {} : { worker }), end: { at: seconds(to), ...end } }
}

export function input(
  over: Partial<WaterfallInput> & { readonly journal: WaterfallInput['journal'] },
): WaterfallInput {
  return { run: run(), history: [], now: seconds(100), ...over }
}

/** The waterfall on a screen without colors. */
export function frame(of: WaterfallInput, width: number, options: WaterfallOptions = {}): string[] {
  return layoutWaterfall(waterfallModel(of), width, waterfallGlyphs.ascii, options).map(({ spans }) =>
    spans
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  )
}
