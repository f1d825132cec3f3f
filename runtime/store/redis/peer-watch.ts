import { type CancelTimer, type Clock, pause } from '../../model/clock.ts'
import { StoreUnavailableError } from '../../model/errors.ts'
import type { LeaseId, WorkerStatus } from '../store.ts'
import { chunks } from './chunks.ts'
import { renew } from './operations/lease.ts'
import { ForbiddenError } from './reply-errors.ts'
import type { ScriptCalls } from './script-calls.ts'

/** A connection that was only cut is back and has reported its new number within this time. */
const graceMs = 60
/**
 * A process that was cut off itself judges no peer for this long: the others may have been cut off too, and come back
 * later.
 */
const afterCutMs = 1_000
/** How many peers one check covers. */
const judgedAtOnce = 64
/** The pause before a check without a reply is repeated. */
const againMs = 1_000
/** How late a heartbeat may be before the deputy checks. */
const deputySlackMs = 25

/** A worker's connections as the server numbers them: `main` and `lease` (its thread's), each `role run id:number:shown at`. */
type Beats = ReadonlyMap<LeaseId, readonly string[]>

/**
 * Fast death: within about 100 ms, 250 ms if no run is held, a peer detects that the server has lost all connections of
 * a worker's process. scripts/look-at-peers.lua decides which worker checks, and when none has to (LP1 to LP4).
 * PW1  A check is one call. It asks for the calling connections only of workers that no longer listen for wake-ups.
 * PW2  Numbers of another server (it was restarted, or another one was promoted) mean nothing: there the leases decide.
 * PW3  A missing worker gets a grace, and is reclaimed only if its beats are still the same.
 * PW4  A network outage for all is no death: the first worker that comes back waits for the others (R16, LP3).
 */
export class PeerWatch {
  readonly #calls: ScriptCalls
  readonly #clock: Clock
  readonly #own = new Map<LeaseId, { readonly role: 'main' | 'lease'; status: WorkerStatus }>()
  /** Leases of this process that take part in the watch; the first one represents it. */
  readonly #watching = new Set<LeaseId>()
  #server = ''
  #connection = ''
  #cancel: CancelTimer = () => undefined
  #looking = false
  /** A hint came during a check: it may have come too late for it. */
  #hinted = false
  #judging = false
  #off = false
  #judgesFrom = 0

  constructor(calls: ScriptCalls, clock: Clock) {
    this.#calls = calls
    this.#clock = clock
    // A number is one node's; a cluster does not say which node a worker is connected to.
    this.#off = calls.link.inCluster
    calls.link.onReconnect(() => void this.#introduce())
  }

  /** Identifies this process for the server; '' while unknown, or of no use. */
  async beat(lease: LeaseId, role: 'main' | 'lease', status: WorkerStatus): Promise<string> {
    if (this.#off) return ''
    const known = this.#own.get(lease)
    if (known === undefined) this.#own.set(lease, { role, status })
    else known.status = status
    if (this.#connection === '') await this.#learnConnection()
    return this.#connection === '' ? '' : `${known?.role ?? role} ${this.#server}:${this.#connection}`
  }

  forget(lease: LeaseId): void {
    this.#own.delete(lease)
  }

  /** Takes part in the watch under this lease until the returned function is called. */
  start(lease: LeaseId): () => void {
    this.#watching.add(lease)
    if (this.#watching.size === 1) this.#schedule(0)
    return () => {
      this.#watching.delete(lease)
      if (this.#watching.size === 0) this.#cancel()
    }
  }

  /** Passes a message to one of its leases. Returns whether it was about the watch. */
  hear(message: string): boolean {
    const [kind, everyMs] = message.split(' ')
    if (kind === 'look') {
      this.#hinted = true
      this.#schedule(0)
    } else if (kind === 'beat') {
      // The looker lives: this deputy checks when the next heartbeat is late.
      if (!this.#looking) this.#schedule(Number(everyMs) + deputySlackMs)
    } else return false
    return true
  }

  /** After a reconnect the old numbers are wrong: the new ones are sent before a peer misses this process. */
  async #introduce(): Promise<void> {
    this.#connection = ''
    this.#judgesFrom = this.#clock.elapsed() + afterCutMs
    for (const [lease, { role, status }] of [...this.#own]) {
      try {
        // Not its open steps: they are older by now than they say.
        const { draining } = status
        await renew(this.#calls, lease, { draining }, await this.beat(lease, role, status))
      } catch {
        // The next renewal reports it.
      }
    }
  }

  async #learnConnection(): Promise<void> {
    try {
      const info = await this.#calls.link.info('server')
      const id = await this.#calls.link.command('CLIENT', 'ID')
      this.#server = /^run_id:(\w+)/m.exec(info)?.[1] ?? ''
      this.#connection = this.#server === '' ? '' : String(id)
    } catch {
      // Not allowed, or not reachable now.
    }
  }

  #schedule(ms: number): void {
    this.#cancel()
    if (this.#watching.size === 0 || this.#off || this.#looking) return
    const waitMs = Math.max(ms, this.#judgesFrom - this.#clock.elapsed())
    this.#cancel = this.#clock.after(waitMs, () => void this.#look())
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const [lease] = this.#watching
    if (lease === undefined) return
    this.#looking = true
    this.#hinted = false
    const begunAt = this.#clock.elapsed()
    let everyMs = againMs
    try {
      const [, ms, ...suspects] = (await this.#calls.run('look-at-peers', [lease])) as [
        Buffer,
        number,
        ...Buffer[],
      ]
      everyMs = ms
      if (suspects.length > 0 && !this.#judging) void this.#judge(beatsOf(suspects))
    } catch (error) {
      if (!isAway(error)) this.#off = true
    }
    this.#looking = false
    this.#schedule(this.#hinted ? 0 : everyMs - (this.#clock.elapsed() - begunAt))
  }

  /** PW3. Runs beside the checks, which continue meanwhile. Never rejects. */
  async #judge(suspects: Beats): Promise<void> {
    this.#judging = true
    try {
      if (this.#connection === '') await this.#learnConnection()
      const missing = await this.#missing(new Map([...suspects].slice(0, judgedAtOnce)))
      if (missing.length === 0) return
      await pause(this.#clock, graceMs)
      const gone = await this.#missing(new Map(missing))
      // A check that began before the cut may end after it.
      if (gone.length === 0 || this.#clock.elapsed() < this.#judgesFrom) return
      await this.#calls.run(
        'reclaim-dead',
        gone.flatMap(([lease, beats]) => [lease, beats.join(',')]),
      )
    } catch (error) {
      // Not allowed, or unknown: the leases alone decide from now on. An unreachable server may come back.
      if (!isAway(error)) this.#off = true
    } finally {
      this.#judging = false
    }
  }

  /** Returns the workers of which the server has no connection any more. */
  async #missing(peers: Beats): Promise<[LeaseId, readonly string[]][]> {
    const here = [...peers].filter(([, beats]) => beats.every((beat) => serverOf(beat) === this.#server)) // PW2
    const alive = await this.#connected(here.flatMap(([, beats]) => beats.map(numberOf)))
    return here.filter(([, beats]) => !beats.some((beat) => alive.has(numberOf(beat))))
  }

  async #connected(numbers: readonly string[]): Promise<ReadonlySet<string>> {
    if (numbers.length === 0) return new Set()
    const list = String(await this.#calls.link.command('CLIENT', 'LIST', 'ID', ...numbers))
    return new Set([...list.matchAll(/^id=(\d+) /gm)].map(([, id]) => id ?? ''))
  }
}

/** Returns whether the server may reply later; not if it forbids or does not know the command. */
function isAway(error: unknown): boolean {
  return StoreUnavailableError.is(error) && !ForbiddenError.is(error)
}

/** Lease and its beats in turn; the thread's beat comes last. */
function beatsOf(flat: readonly Buffer[]): Beats {
  return new Map(
    chunks<[Buffer, Buffer]>(flat, 2).map(([lease, beats]) => [String(lease), String(beats).split(',')]),
  )
}

function serverOf(beat: string): string {
  return beat.split(':')[0] ?? ''
}

function numberOf(beat: string): string {
  return beat.split(':')[1] ?? ''
}
