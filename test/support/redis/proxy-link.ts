import { connect, type Socket } from 'node:net'
import { type Conditions, Lane } from './lane.ts'
import { type Frame, FrameReader, ReplyError } from './resp.ts'

/** A reply, with the request it belongs to; without one it was pushed by the server. */
interface Reply {
  readonly frame: Frame
  readonly request: Frame | undefined
}

/** The interface of a link to its proxy. */
export interface LinkFaults extends Conditions {
  /** Whether these requests have to be held back; if so, this holds them. */
  holdsBack(link: ProxyLink, requests: readonly Frame[]): boolean
  /**
   * Called before the reply to `request` is delivered. To cut the link instead, it returns the next action, which gets the
   * requests that the server has got and the client will see no reply to.
   */
  cuts(request: Frame): ((link: ProxyLink, lost: readonly Frame[]) => void) | undefined
  /** The reply to a request in place of the server's: the server does not get the request. */
  refuses(request: Frame): string | undefined
  ended(link: ProxyLink): void
}

const opening = new Set(['AUTH', 'HELLO', 'SELECT', 'READONLY', 'CLIENT', 'INFO', 'COMMAND', 'CLUSTER'])
const replayed = new Set(['AUTH', 'HELLO', 'SELECT', 'READONLY'])
const pushing = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'MONITOR'])

/** Whether clients send it by themselves, to open a connection or to look around: no fault is spent on it. */
export function isOpening(request: Frame): boolean {
  return opening.has(nameOf(request))
}

/** A client's connection and the one to the server which belongs to it. The latter may outlive the former. */
export class ProxyLink {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #faults: LinkFaults
  readonly #requests: Lane<readonly Frame[] | 'end'>
  readonly #replies: Lane<readonly Reply[] | 'end'>
  /** Sent to the server, which has not replied yet. */
  readonly #unanswered: Frame[] = []
  readonly #handshake: Frame[] = []
  readonly #answers = new Map<Frame, unknown>()
  /** Replies that do not come from the server, to requests among the unanswered ones. */
  readonly #refusals = new Map<Frame, Frame>()
  #pushed = false
  #cut = false
  #heldBack = false
  #onReply = (): void => undefined

  constructor(client: Socket, targetPort: number, faults: LinkFaults) {
    this.#client = client
    this.#faults = faults
    this.#upstream = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.#requests = new Lane(faults, (item) => {
      if (item === 'end') this.#upstream.end()
      else this.#send(item)
    })
    this.#replies = new Lane(faults, (item) => {
      if (item === 'end') this.#client.end()
      else this.#deliver(item)
    })
    this.#listenToClient()
    this.#listenToServer()
  }

  /** Whether the client is still connected. */
  get open(): boolean {
    return !this.#cut && !this.#client.destroyed
  }

  /** AUTH, HELLO, SELECT: the commands that another connection has to send before it can replace this one. */
  get handshake(): readonly Frame[] {
    return this.#handshake
  }

  /** The requests which a stall or a delay keeps from the server. */
  get held(): readonly Frame[] {
    return this.#requests.held.flatMap((item) => (item === 'end' ? [] : item))
  }

  flow(): void {
    this.#requests.flow()
    this.#replies.flow()
  }

  /** Closes the client's connection; the server gets the bytes that were sent, and is not disturbed. */
  cut(): void {
    this.#cut = true
    this.#replies.take()
    this.#client.destroy()
  }

  /**
   * Cuts the client off now, and sends its commands (`requests`, after those already held) at
   * `moment`. Resolves with the replies of the server.
   */
  async holdBack(requests: readonly Frame[], moment: Promise<unknown>): Promise<readonly unknown[]> {
    const late = [...this.held, ...requests]
    this.#requests.take()
    this.#heldBack = true
    this.cut()
    await moment
    const answered = new Promise<void>((resolve) => {
      this.#onReply = () => {
        if (this.#upstream.destroyed || late.every((request) => this.#answers.has(request))) resolve()
      }
    })
    this.#send(late)
    this.#onReply()
    await answered
    this.#upstream.end()
    return late.flatMap((request) => (this.#answers.has(request) ? [this.#answers.get(request)] : []))
  }

  /** Both connections are closed at once, with all held bytes. */
  destroy(): void {
    this.#requests.take()
    this.cut()
    this.#upstream.destroy()
  }

  /** Only the client's side; late deliveries continue. */
  drop(): void {
    if (this.#heldBack) this.cut()
    else this.destroy()
  }

  #listenToClient(): void {
    const reader = new FrameReader()
    this.#client.on('data', (chunk: Buffer) => {
      const frames = reader.push(chunk)
      if (this.#cut || frames.length === 0) return
      if (!this.#faults.holdsBack(this, frames)) this.#requests.push(frames)
    })
    const ended = (): void => {
      // A held command ends the connection when it has its reply.
      if (!this.#heldBack) this.#requests.push('end')
    }
    this.#client.on('end', ended)
    this.#client.on('error', () => undefined)
    this.#client.on('close', () => {
      ended()
      this.#check()
    })
  }

  #listenToServer(): void {
    const reader = new FrameReader()
    let connected = false
    this.#upstream.on('connect', () => {
      connected = true
    })
    this.#upstream.on('data', (chunk: Buffer) => {
      const replies = reader
        .push(chunk)
        .flatMap((frame) => [{ frame, request: this.#requestOf(frame) }, ...this.#dueRefusals()])
      for (const { frame, request } of replies) {
        if (request !== undefined && this.#heldBack) this.#answers.set(request, frame.value)
      }
      this.#onReply()
      if (!this.#cut && replies.length > 0) this.#replies.push(replies)
    })
    this.#upstream.on('end', () => this.#replies.push('end'))
    this.#upstream.on('error', () => undefined)
    this.#upstream.on('close', () => {
      if (!connected) this.#client.resetAndDestroy()
      this.#replies.push('end')
      this.#onReply()
      this.#check()
    })
  }

  #send(requests: readonly Frame[]): void {
    const passed: Buffer[] = []
    for (const request of requests) {
      const name = nameOf(request)
      if (replayed.has(name)) this.#handshake.push(request)
      if (pushing.has(name)) this.#pushed = true
      if (!this.#pushed) this.#unanswered.push(request)
      const refusal = this.#cut ? undefined : this.#faults.refuses(request)
      if (refusal === undefined) passed.push(request.bytes)
      else this.#refusals.set(request, errorFrame(refusal))
    }
    if (passed.length > 0 && this.#upstream.writable) this.#upstream.write(Buffer.concat(passed))
    const refused = this.#dueRefusals()
    if (refused.length > 0) this.#replies.push(refused)
  }

  /** The refusals without an earlier request's reply before them: a client reads replies in the order of its requests. */
  #dueRefusals(): readonly Reply[] {
    const due: Reply[] = []
    for (;;) {
      const [request] = this.#unanswered
      const frame = request && this.#refusals.get(request)
      if (request === undefined || frame === undefined) return due
      this.#unanswered.shift()
      this.#refusals.delete(request)
      due.push({ frame, request })
    }
  }

  #requestOf(reply: Frame): Frame | undefined {
    return this.#pushed || reply.kind === '>' ? undefined : this.#unanswered.shift()
  }

  #deliver(replies: readonly Reply[]): void {
    if (this.#cut) return
    const whole: Buffer[] = []
    for (const [index, { frame, request }] of replies.entries()) {
      const afterwards = request === undefined ? undefined : this.#faults.cuts(request)
      if (afterwards === undefined) {
        whole.push(frame.bytes)
        continue
      }
      const held = this.#replies.take().flatMap((item) => (item === 'end' ? [] : item))
      const lost = [...replies.slice(index), ...held].flatMap((reply) => reply.request ?? [])
      if (whole.length > 0) this.#client.write(Buffer.concat(whole))
      this.#cut = true
      // Replies before the cut one are still delivered.
      this.#client.end(() => this.#client.destroy())
      afterwards(this, [...lost, ...this.#unanswered])
      return
    }
    this.#client.write(Buffer.concat(whole))
  }

  #check(): void {
    if (this.#client.destroyed && this.#upstream.destroyed) this.#faults.ended(this)
  }
}

function errorFrame(text: string): Frame {
  return { kind: '-', value: new ReplyError(text), bytes: Buffer.from(`-${text}\r\n`) }
}

function nameOf(request: Frame): string {
  return Array.isArray(request.value) ? String(request.value[0]).toUpperCase() : ''
}
