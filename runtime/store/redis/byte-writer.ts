const initialBytes = 16_384
/** A larger room is let go after its use. */
const maxKeptBytes = 1_048_576

/**
 * Fields written one behind the other, numbers big-endian as scripts read them. The room is used again: `take` returns
 * a copy of what was written.
 */
export class ByteWriter {
  #room = Buffer.allocUnsafeSlow(initialBytes)
  #length = 0

  /** Begins anew: what a refused field left behind is dropped. */
  begin(): void {
    this.#length = 0
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): void {
    const at = this.#take(1)
    this.#room[at] = value
  }

  u16(value: number): void {
    const at = this.#take(2)
    this.#room.writeUInt16BE(value, at)
  }

  u32(value: number): void {
    const at = this.#take(4)
    this.#room.writeUInt32BE(value, at)
  }

  u48(value: number): void {
    const at = this.#take(6)
    this.#room.writeUIntBE(value, at, 6)
  }

  f64(value: number): void {
    const at = this.#take(8)
    this.#room.writeDoubleBE(value, at)
  }

  bytes(value: Uint8Array): void {
    const at = this.#take(value.length)
    this.#room.set(value, at)
  }

  /** Text behind its length, a u16. */
  text(value: string): void {
    // A character takes three bytes at most.
    const at = this.#take(2 + 3 * value.length)
    const bytes = this.#room.write(value, at + 2)
    this.#room.writeUInt16BE(bytes, at)
    this.#length = at + 2 + bytes
  }

  /** Begins a part that stands behind its length, a u32. Returns what `endPart` is to be given. */
  beginPart(): number {
    return this.#take(4) + 4
  }

  endPart(from: number): void {
    this.#room.writeUInt32BE(this.#length - from, from - 4)
  }

  /** Bytes behind their length, a u32. */
  part(value: Uint8Array): void {
    this.u32(value.length)
    this.bytes(value)
  }

  take(): Buffer {
    const taken = Buffer.from(this.#room.subarray(0, this.#length))
    if (this.#room.length > maxKeptBytes) this.#room = Buffer.allocUnsafeSlow(initialBytes)
    return taken
  }

  /** Makes room for a field. Returns where it begins. */
  #take(bytes: number): number {
    const at = this.#length
    this.#length = at + bytes
    if (this.#length > this.#room.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#length, 2 * this.#room.length))
      larger.set(this.#room.subarray(0, at))
      this.#room = larger
    }
    return at
  }
}
