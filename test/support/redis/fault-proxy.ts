import { createServer, type Server, type Socket } from 'node:net'
import { Chaos, type ChaosRates } from './chaos.ts'
import { freePort } from './free-port.ts'
import { isOpening, type LinkFaults, ProxyLink } from './proxy-link.ts'
import type { Frame } from './resp.ts'
import { RespConnection } from './resp-connection.ts'

/** Which commands a fault may hit. */
export type Picks = (args: readonly string[]) => boolean

/** Ms from when the fault has hit, or an event. */
export type Moment = number | Promise<unknown>

/** How often each fault has really hit. */
export interface Hits {
  cutReplies: number
  heldBack: number
  duplicated: number
  dropped: number
  refused: number
}

interface ArmedCut {
  left: number
  readonly picks: Picks
  readonly afterwards: (link: ProxyLink, lost: readonly Frame[]) => void
  readonly giveUp: () => void
}

interface ArmedRefusal {
  readonly picks: Picks
  readonly error: string
}

interface ArmedHold {
  readonly picks: Picks
  readonly start: (link: ProxyLink, requests: readonly Frame[]) => void
  readonly giveUp: () => void
}

const any: Picks = () => true
const nothing = (): void => undefined

/**
 * Sits between clients and a server on loopback, and causes network faults. It forwards whole commands and
 * replies only. The faults of single commands skip the commands that clients send by themselves when they connect, and
 * messages published to subscribers.
 */
export class FaultProxy {
  readonly port: number
  readonly hits: Readonly<Hits>
  readonly #hits: Hits = {
    cutReplies: 0,
    heldBack: 0,
    duplicated: 0,
    dropped: 0,
    refused: 0,
  }
  readonly #targetPort: number
  readonly #listener: Server
  readonly #links = new Set<ProxyLink>()
  readonly #cuts: ArmedCut[] = []
  readonly #holds: ArmedHold[] = []
  readonly #refusals: ArmedRefusal[] = []
  readonly #stalls: Picks[] = []
  /** Ends the faults that wait for their moment or for a reply. */
  readonly #interrupts = new Set<() => void>()
  readonly #faults: LinkFaults
  #chaos: Chaos | undefined
  #refuses = false
  #closed = false

  private constructor(listener: Server, port: number, targetPort: number) {
    this.#listener = listener
    this.port = port
    this.hits = this.#hits
    this.#targetPort = targetPort
    this.#faults = {
      stalled: false,
      delayMs: 0,
      holdsBack: (link, requests) => this.#holdsBack(link, requests),
      cuts: (request) => this.#cutOf(request),
      refuses: (request) => this.#refusalOf(request),
      ended: (link) => void this.#links.delete(link),
    }
    listener.on('connection', (client) => this.#connected(client))
  }

  static async start(targetPort: number): Promise<FaultProxy> {
    for (;;) {
      const port = await freePort()
      const listener = createServer({ allowHalfOpen: true, noDelay: true })
      const listens = await new Promise<boolean>((resolve) => {
        listener.once('error', () => resolve(false))
        listener.listen(port, '127.0.0.1', () => resolve(true))
      })
      if (listens) return new FaultProxy(listener, port, targetPort)
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** How many clients are connected. */
  get connections(): number {
    return [...this.#links].filter((link) => link.open).length
  }

  /** How many faults of single commands wait for one to hit. */
  get armed(): number {
    return this.#cuts.length + this.#holds.length + this.#refusals.length + this.#stalls.length
  }

  /** How many such commands a stall or a delay holds now. */
  held(picks: Picks): number {
    return [...this.#links].flatMap((link) => (link.open ? link.held.filter(matches(picks)) : [])).length
  }

  /** The server executes the next `count` commands; their clients lose their connection instead of the reply. */
  cutReplies(count: number, picks: Picks = any): void {
    this.#cuts.push({ left: count, picks, afterwards: nothing, giveUp: nothing })
  }

  /** Holds all bytes in both directions, and keeps the connections open. */
  stall(): void {
    this.#faults.stalled = true
  }

  /** Stalls once the next such command comes, which is held as well. */
  stallAt(picks: Picks): void {
    this.#stalls.push(picks)
  }

  /** The next such command is refused with an error in the server's place, as when it is busy; it is not executed. */
  refuseCommand(error: string, picks: Picks = any): void {
    this.#refusals.push({ picks, error })
  }

  flow(): void {
    this.#faults.stalled = false
    for (const link of this.#links) link.flow()
  }

  /** Delays everything from now on by `ms`, both ways; 0 ends the delay. */
  delay(ms: number): void {
    this.#faults.delayMs = ms
    for (const link of this.#links) link.flow()
  }

  /** Destroys all connections now, with their held bytes. Late deliveries still arrive. */
  dropAll(): void {
    for (const link of this.#links) {
      if (link.open) this.#hits.dropped++
      link.drop()
    }
  }

  /** New connections are reset at once; open ones remain. */
  refuse(): void {
    this.#refuses = true
  }

  accept(): void {
    this.#refuses = false
  }

  /**
   * The next command, or one that a stall or a delay holds now, gets its client cut off at once, and reaches
   * the server only at `moment`. Resolves with the replies of the server; with none if it could not be delivered.
   */
  holdBack(moment: Moment, picks: Picks = any): Promise<readonly unknown[]> {
    return new Promise((resolve) => {
      const start = (link: ProxyLink, requests: readonly Frame[]): void => {
        this.#hits.heldBack++
        void link.holdBack(requests, this.#wait(moment)).then(resolve)
      }
      const held = [...this.#links].find((link) => link.open && link.held.some(matches(picks)))
      if (held === undefined) this.#holds.push({ picks, start, giveUp: () => resolve([]) })
      else start(held, [])
    })
  }

  /**
   * The next command is executed and its reply cut off; at `moment` the server gets it again, with the others that
   * were in flight behind it, over a new connection. Resolves with the replies to that.
   */
  duplicate(moment: Moment, picks: Picks = any): Promise<readonly unknown[]> {
    return new Promise((resolve) => {
      const afterwards = (link: ProxyLink, lost: readonly Frame[]): void => {
        const requests = lost.filter((request) => !isOpening(request))
        void this.#sendAgain(link.handshake, requests, this.#wait(moment)).then(resolve)
      }
      this.#cuts.push({ left: 1, picks, afterwards, giveUp: () => resolve([]) })
    })
  }

  /** Cancels the faults of single commands that have hit none yet. */
  disarm(): void {
    this.#refusals.length = 0
    this.#stalls.length = 0
    for (const { giveUp } of [...this.#cuts.splice(0), ...this.#holds.splice(0)]) giveUp()
  }

  /** Random faults until the returned chaos, or this proxy, is stopped. */
  chaos(random: () => number, rates: ChaosRates): Chaos {
    this.#chaos?.stop()
    this.#chaos = new Chaos(this, random, rates)
    return this.#chaos
  }

  /** Ends all connections and late deliveries; afterwards the port refuses. */
  async close(): Promise<void> {
    this.#chaos?.stop()
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()))
    this.#closed = true
    this.disarm()
    for (const link of this.#links) link.destroy()
    for (const interrupt of this.#interrupts) interrupt()
    await closed
  }

  #connected(client: Socket): void {
    if (this.#refuses || this.#closed) {
      this.#hits.refused++
      client.on('error', () => undefined)
      client.resetAndDestroy()
      return
    }
    this.#links.add(new ProxyLink(client, this.#targetPort, this.#faults))
  }

  #holdsBack(link: ProxyLink, requests: readonly Frame[]): boolean {
    const stall = this.#stalls.findIndex((picks) => requests.some(matches(picks)))
    if (stall >= 0) {
      this.#stalls.splice(stall, 1)
      this.stall()
    }
    const index = this.#holds.findIndex(({ picks }) => requests.some(matches(picks)))
    const [hold] = index < 0 ? [] : this.#holds.splice(index, 1)
    hold?.start(link, requests)
    return hold !== undefined
  }

  #refusalOf(request: Frame): string | undefined {
    const index = this.#refusals.findIndex(({ picks }) => matches(picks)(request))
    const [refusal] = index < 0 ? [] : this.#refusals.splice(index, 1)
    return refusal?.error
  }

  #cutOf(request: Frame): ArmedCut['afterwards'] | undefined {
    const index = this.#cuts.findIndex(({ picks }) => matches(picks)(request))
    const cut = this.#cuts[index]
    if (cut === undefined) return undefined
    cut.left--
    if (cut.left <= 0) this.#cuts.splice(index, 1)
    this.#hits.cutReplies++
    return cut.afterwards
  }

  async #sendAgain(
    handshake: readonly Frame[],
    requests: readonly Frame[],
    moment: Promise<unknown>,
  ): Promise<readonly unknown[]> {
    await moment
    if (this.#closed) return []
    const connection = await RespConnection.open(this.#targetPort).catch(() => undefined)
    if (connection === undefined) return []
    const interrupt = (): void => connection.close()
    this.#interrupts.add(interrupt)
    this.#hits.duplicated++
    const answers = [...handshake, ...requests].map(({ bytes }) => connection.send(bytes))
    const settled = await Promise.allSettled(answers)
    this.#interrupts.delete(interrupt)
    connection.close()
    return settled
      .slice(handshake.length)
      .map((answer): unknown => (answer.status === 'fulfilled' ? answer.value : answer.reason))
  }

  /** Resolves at the moment, when the event that defines the moment has failed, or when the proxy is closed. */
  #wait(moment: Moment): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#interrupts.delete(end)
        resolve()
      }
      this.#interrupts.add(end)
      const timer = typeof moment === 'number' ? setTimeout(end, moment) : undefined
      if (typeof moment !== 'number') void moment.then(end, end)
    })
  }
}

function matches(picks: Picks): (request: Frame) => boolean {
  return (request) => {
    if (isOpening(request) || !Array.isArray(request.value)) return false
    return picks(request.value.map(String))
  }
}
