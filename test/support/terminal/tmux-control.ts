import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { Size } from '../../../tui/screens/screen.ts'

/** The events in the pane, in the order in which tmux saw them. */
export interface PaneEvents {
  /** Bytes that a program wrote to its terminal. */
  output(bytes: Uint8Array): void
  resized(size: Size): void
}

export interface TmuxControlOptions {
  readonly socket: string
  readonly size: Size
  readonly shell: readonly string[]
  readonly events: PaneEvents
}

const newline = 0x0a
const backslash = 0x5c

/**
 * A tmux server of its own with one pane, over one client in control mode: commands and events share one
 * connection. Nothing is polled, and the program's output arrives as the bytes that it wrote.
 */
export class TmuxControl {
  readonly #socket: string
  readonly #client: ChildProcessByStdio<Writable, Readable, null>
  readonly #events: PaneEvents
  /** Of commands whose reply hasn't come, oldest first; the first one is for `attach`. */
  readonly #replies: PromiseWithResolvers<string>[] = [Promise.withResolvers()]
  #rest: Uint8Array = new Uint8Array()
  #hasEnded = false
  /** Lines of the reply that is being read. */
  #reply: string[] | undefined

  constructor({ socket, size, shell, events }: TmuxControlOptions) {
    this.#socket = socket
    this.#events = events
    const screen = ['-x', String(size.columns), '-y', String(size.rows)]
    const options = [
      ';',
      'set-option',
      '-g',
      'window-size',
      'manual',
      ';',
      'set-option',
      '-g',
      'status',
      'off',
    ]
    const begin = ['-f', '/dev/null', 'new-session', '-d', ...screen, ...shell, ...options]
    execFileSync('tmux', ['-S', socket, ...begin])
    this.#client = spawn('tmux', ['-S', socket, '-C', 'attach'], { stdio: ['pipe', 'pipe', 'ignore'] })
    // Without a server there is no reply either: `close` ends the pending calls.
    this.#client.stdin.on('error', () => undefined)
    this.#client.stdout.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#client.once('close', () => {
      this.#hasEnded = true
      for (const reply of this.#replies.splice(0)) reply.reject(new Error('tmux has ended'))
    })
    this.#replies[0]?.promise.catch(() => undefined)
  }

  /** Sends bytes to the program as if they were typed, all of them at once. */
  async type(bytes: Uint8Array): Promise<void> {
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    await this.command(`send-keys -t :0.0 -H ${hex.join(' ')}`)
  }

  async resize({ columns, rows }: Size): Promise<void> {
    await this.command(`resize-window -t :0 -x ${columns} -y ${rows}`)
  }

  /** Resolves to the output of the command. @throws Error with tmux's message when it fails, or when tmux has ended. */
  command(line: string): Promise<string> {
    if (this.#hasEnded) return Promise.reject(new Error('tmux has ended'))
    const reply = Promise.withResolvers<string>()
    this.#replies.push(reply)
    this.#client.stdin.write(`${line}\n`)
    return reply.promise
  }

  /** Ends the server; its pane gets a hang-up. Twice is once. */
  close(): void {
    try {
      execFileSync('tmux', ['-S', this.#socket, 'kill-server'], { stdio: 'ignore' })
    } catch {
      // The shell has ended, and the server with it.
    }
    this.#client.kill()
  }

  #read(chunk: Uint8Array): void {
    let bytes = Buffer.concat([this.#rest, chunk])
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline)) {
      this.#readLine(bytes.subarray(0, end))
      bytes = bytes.subarray(end + 1)
    }
    this.#rest = bytes
  }

  #readLine(line: Buffer): void {
    const text = line.toString('latin1')
    if (this.#reply !== undefined) {
      if (/^%(end|error) \d+ \d+ \d+$/.test(text)) this.#replied(text.startsWith('%end'))
      else this.#reply.push(line.toString('utf8'))
      return
    }
    if (text.startsWith('%begin ')) this.#reply = []
    else if (text.startsWith('%output ')) this.#events.output(unescaped(line, text.indexOf(' ', 8) + 1))
    else if (text.startsWith('%layout-change ')) {
      const [, columns, rows] = /^%layout-change \S+ \w+,(\d+)x(\d+)/.exec(text) ?? []
      this.#events.resized({ columns: Number(columns), rows: Number(rows) })
    }
  }

  #replied(worked: boolean): void {
    const text = (this.#reply ?? []).join('\n')
    this.#reply = undefined
    const reply = this.#replies.shift()
    if (worked) reply?.resolve(text)
    else reply?.reject(new Error(`tmux: ${text}`))
  }
}

/** Control mode writes control characters and backslashes as `\ooo`. */
function unescaped(line: Uint8Array, from: number): Uint8Array {
  const bytes = new Uint8Array(line.length - from)
  let length = 0
  for (let i = from; i < line.length; i++) {
    const byte = line[i] ?? 0
    if (byte === backslash) {
      bytes[length++] = Number.parseInt(Buffer.from(line.subarray(i + 1, i + 4)).toString('latin1'), 8)
      i += 3
    } else {
      bytes[length++] = byte
    }
  }
  return bytes.subarray(0, length)
}
