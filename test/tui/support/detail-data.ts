import { encodeValue } from '../../../runtime/model/codec.ts'
import type { StoredError } from '../../../runtime/model/stored-error.ts'
import type { FailureGroup } from '../../../runtime/store/failures.ts'
import type { RunDetails } from '../../../runtime/store/store.ts'
import type { KnownRun } from '../../../tui/screens/run/run-data.ts'
import { now } from '../../support/snapshot.ts'
import { journal } from '../kit/waterfall-input.ts'

/** A run as its own screen has read it. Times are before `now`. */

export const stripeError: StoredError = {
  name: 'StepFailedError',
  message: "step 'charge' failed after 2 attempts: 429",
  code: 'STEP_FAILED',
  fields: { path: 'charge', attempts: 2 },
  cause: {
    name: 'StripeError',
    message: '429 rate_limit',
    code: 'rate_limit',
    stack: [
      'StripeError: 429 rate_limit',
      '    at post (/app/node_modules/stripe/lib.js:9:1)',
      '    at charge (/app/src/billing.ts:88:11)',
      '    at run (/app/src/jobs.ts:12:3)',
    ].join('\n'),
  },
}

/** Fields that are undefined in `over` are left out. */
export function detailsOf(over: object = {}): RunDetails {
  const all = {
    ...{ id: 'run-8f2k', job: 'ship', version: 12, queue: 'media', priority: 0, tags: ['eu'], headers: {} },
    ...{ attempt: 1, losses: 1, enqueuedAt: now - 60_000, startedAt: now - 58_000, changedAt: now - 1_000 },
    ...{ position: 5, unique: { key: 'order:9912', until: 'finished' } },
    input: encodeValue({ orderId: 9912, items: [1, 2, 3] }, 'input'),
    ...{
      state: 'failed',
      endedAt: now - 1_000,
      error: stripeError,
      escaped: 'charge',
      fingerprint: 'f1:0123456789ab',
    },
    ...over,
  }
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined),
  ) as unknown as RunDetails
}

/** Two steps in a scope, a sleep, and a step that fails twice; a worker was lost in between. */
export function knownRun(over: Partial<KnownRun> = {}): KnownRun {
  const at = (before: number): number => now - before
  const error = { name: 'StripeError', message: '429 rate_limit' }
  const entries = journal(
    { path: 'load', phase: 'done', at: at(57_000), durationMs: 800, value: new Uint8Array() },
    { path: 'items/pack', phase: 'done', at: at(55_000), durationMs: 1_500, value: new Uint8Array() },
    { path: 'rest', kind: 'sleep', phase: 'waiting', at: at(54_000), pauseMs: 40_000 },
    { path: 'rest', kind: 'sleep', phase: 'done', at: at(14_000), value: new Uint8Array() },
    { path: 'charge', phase: 'retrying', at: at(10_000), durationMs: 2_000, pauseMs: 5_000, error },
    { path: 'charge', phase: 'failed', attempt: 2, at: at(1_000), durationMs: 3_000, error },
  )
  return {
    kind: 'known',
    run: detailsOf(),
    readAt: now,
    toldAt: now,
    journal: { entries, isPartial: false },
    history: [{ at: at(56_000), kind: 'lost', worker: 'w-91cc', reason: 'its lease expired' }],
    executions: [],
    places: [],
    sentences: [
      'It failed 1.0 s ago: 429.',
      'It goes on from its stored steps by: durable-jobs retry run-8f2k.',
    ],
    next: 'go on from the stored steps: durable-jobs retry run-8f2k',
    failure: groupOf({ fingerprint: 'f1:0123456789ab', failedNow: 1_204 }),
    ...over,
  }
}

export function groupOf(over: Partial<FailureGroup> = {}): FailureGroup {
  return {
    ...{
      fingerprint: 'f1:0123456789ab',
      job: 'ship',
      step: 'charge',
      name: 'StripeError',
      text: '<n> rate_limit',
    },
    ...{ tries: 1_260, runs: 1_204, failedNow: 1_204, firstAt: now - 720_000, lastAt: now - 2_000 },
    ...{ versions: [17], sample: 'run-8f2k' },
    perMinute: Array.from({ length: 60 }, (_, i) => (i < 48 ? 0 : i)),
    ...over,
  }
}
