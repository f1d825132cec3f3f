/** An error reply of the server: its first word is the code (`MOVED`, `LOADING`, `WRONGTYPE`). */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'
}

/** One whole request or reply, as bytes and as its value. */
export interface Frame {
  /** The first byte: `*` in a request, one of `+-:$*` in a reply of RESP2. */
  readonly kind: string
  readonly value: unknown
  readonly bytes: Buffer
}

interface Parsed {
  readonly value: unknown
  /** Where the next frame starts. */
  readonly end: number
}

export function encodeCommand(args: readonly string[]): Buffer {
  const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`)
  return Buffer.from(`*${args.length}\r\n${parts.join('')}`)
}

/** Cuts a stream of bytes into whole frames, however the network cut it into chunks. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): readonly Frame[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    let start = 0
    for (;;) {
      const parsed = parse(bytes, start)
      if (parsed === undefined) break
      const kind = String.fromCharCode(bytes[start] ?? 0)
      frames.push({ kind, value: parsed.value, bytes: bytes.subarray(start, parsed.end) })
      start = parsed.end
    }
    this.#rest = bytes.subarray(start)
    return frames
  }
}

/** The frame at `start`, or undefined when its end has not come yet. */
function parse(bytes: Buffer, start: number): Parsed | undefined {
  const lineEnd = bytes.indexOf('\r\n', start)
  if (lineEnd < 0) return undefined
  const text = bytes.toString('utf8', start + 1, lineEnd)
  const end = lineEnd + 2
  const kind = String.fromCharCode(bytes[start] ?? 0)
  switch (kind) {
    case '+':
    case '(':
      return { value: text, end }
    case '-':
      return { value: new ReplyError(text), end }
    case ':':
    case ',':
      return { value: Number(text), end }
    case '_':
      return { value: null, end }
    case '#':
      return { value: text === 't', end }
    case '$':
    case '=':
    case '!':
      return parseBulk(bytes, end, Number(text), kind)
    case '*':
    case '~':
    case '>':
      return parseItems(bytes, end, Number(text))
    case '%':
      return parseItems(bytes, end, 2 * Number(text))
    default:
      // An inline command, as a person types it.
      return { value: `${kind}${text}`.split(' '), end }
  }
}

function parseBulk(bytes: Buffer, start: number, length: number, kind: string): Parsed | undefined {
  if (length < 0) return { value: null, end: start }
  const end = start + length + 2
  if (bytes.length < end) return undefined
  const text = bytes.toString('utf8', start, start + length)
  return { value: kind === '!' ? new ReplyError(text) : text, end }
}

function parseItems(bytes: Buffer, start: number, count: number): Parsed | undefined {
  if (count < 0) return { value: null, end: start }
  const items: unknown[] = []
  let end = start
  while (items.length < count) {
    const item = parse(bytes, end)
    if (item === undefined) return undefined
    items.push(item.value)
    end = item.end
  }
  return { value: items, end }
}
