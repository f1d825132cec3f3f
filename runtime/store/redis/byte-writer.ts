const initialBytes = 16_384
/** A larger buffer is released after its use. */
const maxKeptBytes = 1_048_576

/** Writes fields into one buffer, which it reuses; numbers are big-endian, as scripts read them. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafeSlow(initialBytes)
  #length = 0

  /** Starts over, also after a field that was refused. */
  begin(): void {
    this.#length = 0
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): void {
    const at = this.#reserve(1)
    this.#buffer[at] = value
  }

  u16(value: number): void {
    const at = this.#reserve(2)
    this.#buffer.writeUInt16BE(value, at)
  }

  u32(value: number): void {
    const at = this.#reserve(4)
    this.#buffer.writeUInt32BE(value, at)
  }

  u48(value: number): void {
    const at = this.#reserve(6)
    this.#buffer.writeUIntBE(value, at, 6)
  }

  f64(value: number): void {
    const at = this.#reserve(8)
    this.#buffer.writeDoubleBE(value, at)
  }

  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length)
    this.#buffer.set(value, at)
  }

  /** Writes the length in bytes as a u16, then the text. */
  text(value: string): void {
    // A character takes three bytes at most.
    const at = this.#reserve(2 + 3 * value.length)
    const bytes = this.#buffer.write(value, at + 2)
    this.#buffer.writeUInt16BE(bytes, at)
    this.#length = at + 2 + bytes
  }

  /** Starts a part that follows its length, a u32. Returns the position to pass to `endPart`. */
  beginPart(): number {
    return this.#reserve(4) + 4
  }

  endPart(from: number): void {
    this.#buffer.writeUInt32BE(this.#length - from, from - 4)
  }

  /** Writes the length as a u32, then the bytes. */
  part(value: Uint8Array): void {
    this.u32(value.length)
    this.bytes(value)
  }

  /** Returns a copy of what was written. */
  copy(): Buffer {
    const copy = Buffer.from(this.#buffer.subarray(0, this.#length))
    if (this.#buffer.length > maxKeptBytes) this.#buffer = Buffer.allocUnsafeSlow(initialBytes)
    return copy
  }

  /** Makes room for a field. Returns its position. */
  #reserve(bytes: number): number {
    const at = this.#length
    this.#length = at + bytes
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#length, 2 * this.#buffer.length))
      larger.set(this.#buffer.subarray(0, at))
      this.#buffer = larger
    }
    return at
  }
}
