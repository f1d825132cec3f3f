import type { Unsubscribe } from '../store.ts'
import type { RedisLink } from './redis-link.ts'

interface Channel {
  readonly listeners: Set<() => void>
  /** Resolves when it is heard. */
  readonly heard: Promise<void>
  /** Something was said before anybody listened. */
  missed: boolean
}

/** Hints over one connection of their own, opened with the first channel. A lost hint costs a poll, no more. */
export class Wakeups {
  readonly #open: () => Promise<RedisLink>
  readonly #channels = new Map<string, Channel>()
  #link: Promise<RedisLink> | undefined

  constructor(open: () => Promise<RedisLink>) {
    this.#open = open
  }

  /** Resolves when nothing said on the channel can be missed any more; also when it can't be heard at all. */
  async hear(channel: string): Promise<void> {
    await this.#channel(channel).heard
  }

  listen(name: string, listener: () => void): Unsubscribe {
    const isNew = !this.#channels.has(name)
    const channel = this.#channel(name)
    channel.listeners.add(listener)
    if (channel.missed) this.#tell(channel)
    // What was said until it was heard was missed.
    if (isNew) void channel.heard.then(() => this.#tell(channel))
    return () => {
      channel.listeners.delete(listener)
      if (channel.listeners.size > 0) return
      this.#channels.delete(name)
      void this.#link?.then((link) => link.unsubscribe(name)).catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    const link = await this.#link?.catch(() => undefined)
    await link?.close()
  }

  #channel(name: string): Channel {
    const known = this.#channels.get(name)
    if (known !== undefined) return known
    const channel: Channel = { listeners: new Set(), heard: this.#subscribe(name), missed: false }
    this.#channels.set(name, channel)
    return channel
  }

  async #subscribe(name: string): Promise<void> {
    try {
      this.#link ??= this.#connect()
      await (await this.#link).subscribe(name)
    } catch {
      // The server can't be reached, or forbids it: polling goes on, and the next channel tries again.
      this.#link = undefined
    }
  }

  async #connect(): Promise<RedisLink> {
    const link = await this.#open()
    link.onMessage((name) => {
      const channel = this.#channels.get(name)
      if (channel !== undefined) this.#tell(channel)
    })
    // What was said meanwhile was missed.
    link.onReconnect(() => {
      for (const channel of this.#channels.values()) this.#tell(channel)
    })
    return link
  }

  #tell(channel: Channel): void {
    channel.missed = channel.listeners.size === 0
    for (const listener of [...channel.listeners]) listener()
  }
}
