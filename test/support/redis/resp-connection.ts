import { connect, type Socket } from 'node:net'
import { encodeCommand, FrameReader, ReplyError } from './resp.ts'

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** A minimal client of RESP2 on one socket: no reconnects, no pub/sub, and no time limit. */
export class RespConnection {
  readonly #socket: Socket
  readonly #reader = new FrameReader()
  readonly #waiting: Waiting[] = []
  #lost: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      for (const { value } of this.#reader.push(chunk)) {
        const waiting = this.#waiting.shift()
        if (value instanceof ReplyError) waiting?.reject(value)
        else waiting?.resolve(value)
      }
    })
    socket.on('error', (error) => this.#lose(error))
    socket.on('end', () => this.#lose(new Error('the connection was closed by the server')))
    socket.on('close', () => this.#lose(new Error('the connection to the server was closed')))
  }

  static async open(port: number): Promise<RespConnection> {
    const socket = connect({ port, host: '127.0.0.1' })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new RespConnection(socket)
  }

  call(...args: readonly string[]): Promise<unknown> {
    return this.send(encodeCommand(args))
  }

  /** The reply to one whole command given as bytes; more may be sent before it has come. */
  send(command: Buffer): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost)
        return
      }
      this.#waiting.push({ resolve, reject })
      this.#socket.write(command)
    })
  }

  /** With a reset, so that thousands of short connections leave no port behind in TIME_WAIT. */
  close(): void {
    this.#socket.resetAndDestroy()
    this.#lose(new Error('the connection to the server was closed'))
  }

  #lose(error: Error): void {
    this.#lost ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}
