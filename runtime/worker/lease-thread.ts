import { parentPort, workerData } from 'node:worker_threads'
import { backoffMs, pause, systemClock } from '../model/clock.ts'
import { outageKindOf } from '../model/errors.ts'
import { messageOf } from '../model/thrown.ts'
import type { OpenSteps } from '../store/open-steps.ts'
import { openStore } from '../store/open-store.ts'
import type { LeaseId, Store, WorkerStatus } from '../store/store.ts'
import type { DrainStatus } from '../store/worker-drain.ts'
import type { WorkerReport } from '../store/worker-report.ts'
import { serveHealth } from './health-server.ts'
import {
  beatSlots,
  type FromLeaseThread,
  type LeaseThreadData,
  renewalShare,
  type ToLeaseThread,
} from './lease-messages.ts'

/*
 * The thread that keeps a worker's lease alive, so that a step which blocks the event loop loses nothing.
 * T1  It renews with a connection of its own and never touches runs.
 * T2  It stops renewing once the main loop has been silent for longer than `maxBlocked`.
 * T3  It serves health checks: a busy main loop is no reason to kill the container.
 */
const data = workerData as LeaseThreadData
const clock = systemClock
let lease: LeaseId | undefined
let stopping = false
let wake = new AbortController()
let lastBeat = -1
let lastBeatAt = clock.elapsed()
let lastHeldAt: number | undefined
/** The news for the next renewal, and when the main thread sent it. */
let toTell: { readonly told: OpenSteps; readonly at: number } | undefined
/** The last report until the store has it, and when the main thread made it. */
let toReport: { readonly report: WorkerReport; readonly at: number } | undefined
/** Why the process drains, and when the main thread sent that. */
let drain: { readonly told: DrainStatus; readonly at: number } | undefined

function say(message: FromLeaseThread): void {
  parentPort?.postMessage(message)
}

function sayFailed(error: unknown, since: number): void {
  const tookMs = clock.elapsed() - since
  say({ kind: 'failed', outage: outageKindOf(error), reason: messageOf(error), tookMs })
}

function silentMs(): number {
  const beat = Atomics.load(data.beats, beatSlots.beat)
  if (beat !== lastBeat) {
    lastBeat = beat
    lastBeatAt = clock.elapsed()
  }
  return clock.elapsed() - lastBeatAt
}

function isReady(): boolean | string {
  const heldLately = lastHeldAt !== undefined && clock.elapsed() - lastHeldAt < data.leaseMs
  if (!heldLately || Atomics.load(data.beats, beatSlots.draining) === 1) return false
  const dead = Atomics.load(data.beats, beatSlots.deadDuty) === 1
  return dead ? 'it leads, but a duty of it is dead: durable-jobs doctor names it' : true
}

async function renew(store: Store): Promise<void> {
  if (lease === undefined) return
  const silent = silentMs()
  if (silent > data.maxBlockedMs) {
    say({ kind: 'blocked', silentMs: silent })
    return
  }
  const own = lease
  const draining = Atomics.load(data.beats, beatSlots.draining) === 1
  const sentAt = clock.elapsed()
  try {
    const [telling, reporting] = [toTell, toReport]
    const told = { ...drainStatus(sentAt), ...openSteps(sentAt), ...report(sentAt) }
    const answer = await store.renew(own, { draining, ...told })
    if (toTell === telling) toTell = undefined
    // The store has not seen the reports of a lost lease.
    if (toReport === reporting && answer.kind === 'held') toReport = undefined
    if (answer.kind === 'lost') {
      if (lease === own) lease = undefined
      say({ kind: 'lost', lease: own })
    } else {
      lastHeldAt = clock.elapsed()
      say({ kind: 'held', lease: own, orders: answer.orders })
    }
  } catch (error) {
    sayFailed(error, sentAt)
  }
}

/** With every renewal of a drain: the first one may be lost. */
function drainStatus(now: number): Partial<Pick<WorkerStatus, 'draining' | 'drain'>> {
  if (drain === undefined) return {}
  const passedMs = Math.round(now - drain.at)
  const { agoMs, leftMs } = drain.told
  return {
    draining: true,
    drain: { ...drain.told, agoMs: agoMs + passedMs, leftMs: Math.max(0, leftMs - passedMs) },
  }
}

/** The ages as of the main thread's message: it may be blocked since. */
function openSteps(now: number): Pick<WorkerStatus, 'openSteps'> {
  return toTell === undefined ? {} : { openSteps: { ...toTell.told, agoMs: Math.round(now - toTell.at) } }
}

function report(now: number): Pick<WorkerStatus, 'report'> {
  if (toReport === undefined) return {}
  const { report, at } = toReport
  return { report: { ...report, agoMs: report.agoMs + Math.round(now - at) } }
}

/**
 * Keeps trying if the store is unreachable at the start: nothing else keeps the lease of a blocked main loop. The worker
 * has registered in the store, so a store that is missing was deleted: it is not created anew.
 */
async function openUntilStopped(): Promise<Store | undefined> {
  const password = data.asksForPassword ? askForPassword : data.store.password
  for (let attempt = 1; !stopping; attempt++) {
    const sentAt = clock.elapsed()
    try {
      return await openStore({ ...data.store, password }, { create: false })
    } catch (error) {
      sayFailed(error, sentAt)
      await pause(clock, backoffMs(attempt, clock.random()), wake.signal)
      if (wake.signal.aborted) wake = new AbortController()
    }
  }
  return undefined
}

async function keep(): Promise<void> {
  const health =
    data.healthPort === undefined
      ? undefined
      : await serveHealth(data.healthPort, { live: () => silentMs() <= data.maxBlockedMs, ready: isReady })
  if (health?.kind === 'taken') {
    say({ kind: 'health port taken', port: health.port, reason: health.reason })
    return
  }
  say({ kind: 'up', healthPort: health?.port })

  let store: Store | undefined
  while (!stopping) {
    if (lease !== undefined) store ??= await openUntilStopped()
    if (store !== undefined) await renew(store)
    if (!stopping) await pause(clock, data.leaseMs * renewalShare, wake.signal)
    if (wake.signal.aborted) wake = new AbortController()
  }
  await store?.close()
  await health?.close()
}

const passwordWaiters: PromiseWithResolvers<string>[] = []

function askForPassword(): Promise<string> {
  const waiter = Promise.withResolvers<string>()
  passwordWaiters.push(waiter)
  say({ kind: 'password wanted' })
  return waiter.promise
}

parentPort?.on('message', (message: ToLeaseThread) => {
  switch (message.kind) {
    case 'password':
      for (const { resolve } of passwordWaiters.splice(0)) resolve(message.password)
      return
    case 'password failed':
      for (const { reject } of passwordWaiters.splice(0)) reject(new Error(message.reason))
      return
    case 'keep':
      lease = message.lease
      toTell = undefined
      break
    case 'open steps':
      if (message.lease === lease) toTell = { told: message.told, at: clock.elapsed() }
      return
    case 'report':
      toReport = { report: message.report, at: clock.elapsed() }
      if (!message.atOnce) return
      break
    case 'drain':
      drain = { told: message.drain, at: clock.elapsed() }
      break
    case 'stop':
      stopping = true
  }
  wake.abort()
})

// Its error ends the thread; the main thread notices and starts another one.
void keep().then(() => parentPort?.close())
