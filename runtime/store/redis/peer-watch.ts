import { type CancelTimer, type Clock, pause } from '../../model/clock.ts'
import { StoreUnavailableError } from '../../model/errors.ts'
import type { LeaseId, WorkerStatus } from '../store.ts'
import { renew } from './operations/lease.ts'
import { ForbiddenError } from './reply-errors.ts'
import type { ScriptCalls } from './script-calls.ts'

const intervalMs = 50
/** A connection that was only cut is back and has told its new number within this time. */
const graceMs = 60
/** Who was cut off itself judges nobody for so long: the others may have been too, and come back later. */
const afterCutMs = 1_000
/** How many peers one look takes in; with more of them, a look goes on where the last one ended. */
const looksAtOnce = 64

/** A worker's connections as the server numbers them: `main` and `lease` (its thread's), each `run id:number:shown at`. */
type Beats = ReadonlyMap<LeaseId, readonly string[]>

/**
 * Fast death: within about 100 ms a peer sees that the server has lost all connections of a worker's process.
 * D1  Of all workers one looks per interval.
 * D2  Numbers of another server (it was restarted, or another one was promoted) say nothing: there the leases decide.
 * D3  Who is missing gets a grace, and is taken back only if its beats are still the same.
 * D4  A network that was away for all is nobody's death: who comes back first waits for the others (R16).
 */
export class PeerWatch {
  readonly #calls: ScriptCalls
  readonly #clock: Clock
  readonly #own = new Map<LeaseId, { readonly role: 'main' | 'lease'; status: WorkerStatus }>()
  #server = ''
  #connection = ''
  #users = 0
  #cancel: CancelTimer | undefined
  #off = false
  #lastLooked = ''
  #judgesFrom = 0

  constructor(calls: ScriptCalls, clock: Clock) {
    this.#calls = calls
    this.#clock = clock
    // A number is one node's; which one a worker is connected to, a cluster does not tell.
    this.#off = calls.link.inCluster
    calls.link.onReconnect(() => void this.#introduce())
  }

  /** What the server is to know this process by; '' while it is not known, or of no use. */
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

  /** Looks at peers until the returned function is called. */
  start(): () => void {
    this.#users++
    if (this.#users === 1 && !this.#off) this.#schedule()
    return () => {
      if (--this.#users === 0) this.#cancel?.()
    }
  }

  /** After a reconnect the old numbers are wrong: the new ones go out before anybody misses us. */
  async #introduce(): Promise<void> {
    this.#connection = ''
    this.#judgesFrom = this.#clock.elapsed() + afterCutMs
    for (const [lease, { role, status }] of [...this.#own]) {
      try {
        await renew(this.#calls, lease, status, await this.beat(lease, role, status))
      } catch {
        // The next renewal tells it.
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

  #schedule(): void {
    // A look that ends after a stop and another start must not go on beside that one.
    this.#cancel?.()
    this.#cancel = this.#clock.after(intervalMs * (0.9 + this.#clock.random() / 5), () => {
      void this.#look()
        .catch(() => undefined)
        .finally(() => {
          if (this.#users > 0 && !this.#off) this.#schedule()
        })
    })
  }

  get #mayJudge(): boolean {
    return this.#clock.elapsed() >= this.#judgesFrom
  }

  async #look(): Promise<void> {
    const peers = beatsOf((await this.#calls.run('look-at-peers', [intervalMs * 0.9])) as Buffer[])
    if (peers.size === 0 || !this.#mayJudge) return
    if (this.#connection === '') await this.#learnConnection()
    const missing = await this.#missing(this.#nextFew(peers))
    if (missing.length === 0) return
    await pause(this.#clock, graceMs)
    const gone = await this.#missing(new Map(missing))
    // A look that began before the cut may end after it.
    if (gone.length === 0 || !this.#mayJudge) return
    await this.#calls.run(
      'reclaim-dead',
      gone.flatMap(([lease, beats]) => [lease, beats.join(',')]),
    )
  }

  #nextFew(peers: Beats): Beats {
    const sorted = [...peers].sort(([a], [b]) => (a < b ? -1 : 1))
    const rest = sorted.filter(([lease]) => lease > this.#lastLooked)
    const few = rest.slice(0, looksAtOnce)
    this.#lastLooked = few.length < rest.length ? (few.at(-1)?.[0] ?? '') : ''
    return new Map(few)
  }

  /** Workers of whom the server knows no connection any more. */
  async #missing(peers: Beats): Promise<[LeaseId, readonly string[]][]> {
    const here = [...peers].filter(([, beats]) => beats.every((beat) => serverOf(beat) === this.#server)) // D2
    const leaseNumbers = here.map(([, beats]) => numberOf(beats.at(-1)))
    const alive = await this.#connected(leaseNumbers)
    const suspects = here.filter((_, i) => !alive.has(leaseNumbers[i] ?? ''))
    const others = await this.#connected(suspects.flatMap(([, beats]) => beats.slice(0, -1).map(numberOf)))
    return suspects.filter(([, beats]) => !beats.some((beat) => others.has(numberOf(beat))))
  }

  async #connected(numbers: readonly string[]): Promise<ReadonlySet<string>> {
    if (numbers.length === 0) return new Set()
    try {
      const list = String(await this.#calls.link.command('CLIENT', 'LIST', 'ID', ...numbers))
      return new Set([...list.matchAll(/^id=(\d+) /gm)].map(([, id]) => id ?? ''))
    } catch (error) {
      // Not allowed, or not known: the leases alone decide from now on. A server that is away may come back.
      const away = StoreUnavailableError.is(error) && !ForbiddenError.is(error)
      if (!away) this.#off = true
      throw error
    }
  }
}

/** Fields are `lease main` and `lease lease`; the thread's beat comes last. */
function beatsOf(flat: readonly Buffer[]): Beats {
  const beats = new Map<LeaseId, string[]>()
  for (let i = 0; i < flat.length; i += 2) {
    const [lease = '', role] = String(flat[i]).split(' ')
    const known = beats.get(lease) ?? []
    if (role === 'main') known.unshift(String(flat[i + 1]))
    else known.push(String(flat[i + 1]))
    beats.set(lease, known)
  }
  return beats
}

function serverOf(beat: string): string {
  return beat.split(':')[0] ?? ''
}

function numberOf(beat: string | undefined): string {
  return beat?.split(':')[1] ?? ''
}
