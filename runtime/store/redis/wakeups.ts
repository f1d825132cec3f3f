import { backoffMs, type CancelTimer, type Clock } from '../../model/clock.ts'
import type { Unsubscribe } from '../store.ts'
import type { RedisLink } from './redis-link.ts'

/** Gets the text of a message; '' also when messages may have been missed. */
type Listener = (message: string) => void

interface Channel {
  readonly listeners: Set<Listener>
  /** Resolves when the subscription is active. */
  readonly heard: Promise<void>
  /** A message came before there was a listener. */
  missed: boolean
}

/** Hints over their own connection, opened with the first channel. A lost hint costs only a poll. */
export class Wakeups {
  readonly #open: (over: AbortSignal) => Promise<RedisLink>
  readonly #over = new AbortController()
  readonly #channels = new Map<string, Channel>()
  readonly #clock: Clock
  #link: Promise<RedisLink> | undefined
  #failures = 0
  #cancelAgain: CancelTimer = () => undefined

  constructor(open: (over: AbortSignal) => Promise<RedisLink>, clock: Clock) {
    this.#open = open
    this.#clock = clock
  }

  /** Resolves when no message on the channel can be missed any more; also if the subscription fails. */
  async hear(channel: string): Promise<void> {
    await this.#channel(channel).heard
  }

  listen(name: string, listener: Listener): Unsubscribe {
    const isNew = !this.#channels.has(name)
    const channel = this.#channel(name)
    channel.listeners.add(listener)
    if (channel.missed) this.#tell(channel)
    // Messages before the subscription were missed.
    if (isNew) void channel.heard.then(() => this.#tell(channel))
    return () => {
      channel.listeners.delete(listener)
      if (channel.listeners.size > 0) return
      this.#channels.delete(name)
      void this.#link?.then((link) => link.unsubscribe(name)).catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    this.#channels.clear()
    this.#cancelAgain()
    this.#over.abort()
    await this.#link?.catch(() => undefined)
  }

  #channel(name: string): Channel {
    const known = this.#channels.get(name)
    if (known !== undefined) return known
    const channel: Channel = { listeners: new Set(), heard: this.#subscribe(name), missed: false }
    this.#channels.set(name, channel)
    return channel
  }

  async #subscribe(name: string): Promise<void> {
    this.#link ??= this.#connect()
    const opening = this.#link
    try {
      await (await opening).subscribe(name)
    } catch {
      // Polling continues. A cut connection subscribes again once it is back; one that never was is tried again.
      const opened = await opening.catch(() => undefined)
      if (opened !== undefined || this.#link !== opening) return
      this.#link = undefined
      if (this.#channels.size === 0) return
      const ms = backoffMs(++this.#failures, this.#clock.random())
      this.#cancelAgain = this.#clock.after(ms, () => this.#hearAll())
    }
  }

  #hearAll(): void {
    for (const [name, channel] of this.#channels) void this.#subscribe(name).then(() => this.#tell(channel))
  }

  async #connect(): Promise<RedisLink> {
    const link = await this.#open(this.#over.signal)
    this.#failures = 0
    link.onMessage((name, message) => {
      const channel = this.#channels.get(name)
      if (channel !== undefined) this.#tell(channel, message)
    })
    // Messages meanwhile were missed.
    link.onReconnect(() => {
      for (const [name, channel] of this.#channels) {
        link.subscribe(name).catch(() => undefined)
        this.#tell(channel)
      }
    })
    return link
  }

  #tell(channel: Channel, message = ''): void {
    channel.missed = channel.listeners.size === 0
    for (const listener of [...channel.listeners]) listener(message)
  }
}
