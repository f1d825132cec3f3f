import { connect, createServer, type Server, type Socket } from 'node:net'
import { FrameReader } from '../support/redis/resp.ts'

/**
 * Forwards to one server or another, like the name of a promoted replica, and can give scripts another
 * time than the server's own: the clock of one process can't be set otherwise.
 */
export class Relay {
  readonly port: number
  /** Ms between the server's clock and the time that its scripts see. */
  shiftMs = 0
  readonly #listener: Server
  readonly #sockets = new Set<Socket>()
  #targetPort: number

  private constructor(listener: Server, port: number, targetPort: number) {
    this.#listener = listener
    this.port = port
    this.#targetPort = targetPort
    listener.on('connection', (client) => this.#connected(client))
  }

  static async start(targetPort: number): Promise<Relay> {
    const listener = createServer({ noDelay: true })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const address = listener.address()
    if (address === null || typeof address === 'string') throw new Error('the relay has no port')
    return new Relay(listener, address.port, targetPort)
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Disconnects every client; each reconnects to the other server. */
  retarget(port: number): void {
    this.#targetPort = port
    this.dropAll()
  }

  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()))
    this.dropAll()
    await closed
  }

  #connected(client: Socket): void {
    const upstream = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    const reader = new FrameReader()
    client.on('data', (chunk: Buffer) => {
      for (const { value, bytes } of reader.push(chunk)) upstream.write(this.#withTime(value, bytes))
    })
    upstream.pipe(client)
  }

  /** Fills in the time that a script would take from its server: the empty first argument behind its keys. */
  #withTime(value: unknown, bytes: Buffer): Buffer {
    if (this.shiftMs === 0 || !Array.isArray(value)) return bytes
    const [name, , keys] = value.map(String)
    const place = 3 + Number(keys)
    if (!/^eval(sha)?(_ro)?$/i.test(name ?? '') || value[place] !== '') return bytes
    const at = startOfItem(bytes, place)
    const time = String(Date.now() + this.shiftMs)
    const empty = '$0\r\n\r\n'
    const filled = Buffer.from(`$${time.length}\r\n${time}\r\n`)
    return Buffer.concat([bytes.subarray(0, at), filled, bytes.subarray(at + empty.length)])
  }
}

/** Where an item of a command begins, with its length. */
function startOfItem(bytes: Buffer, index: number): number {
  let at = bytes.indexOf('\r\n') + 2
  for (let i = 0; i < index; i++) {
    const end = bytes.indexOf('\r\n', at)
    at = end + 2 + Number(bytes.toString('latin1', at + 1, end)) + 2
  }
  return at
}
