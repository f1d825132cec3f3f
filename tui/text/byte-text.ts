const inLine = 16

/** Returns bytes that a value holds, or undefined when it holds none. Other typed arrays are numbers. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  const isBytes =
    value instanceof Uint8Array || value instanceof Uint8ClampedArray || value instanceof DataView
  return isBytes ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined
}

/** Returns the first bytes: `48 65 6c 6c 6f`, with a sign where there are more. */
export function hexPreview(bytes: Uint8Array): string {
  const hex = hexOf(bytes.subarray(0, inLine))
  return bytes.length > inLine ? `${hex} …` : hex
}

/** Whether a preview shows less than all of it. */
export function isLongBytes(bytes: Uint8Array): boolean {
  return bytes.length > inLine
}

/** Returns bytes as a dump shows them, 16 to a line: `0010  48 65 6c 6c 6f  Hello`. */
export function hexLines(bytes: Uint8Array, most: number): string[] {
  const shown = bytes.subarray(0, most)
  const lines = Array.from({ length: Math.ceil(shown.length / inLine) }, (_, i) => {
    const line = shown.subarray(i * inLine, (i + 1) * inLine)
    const offset = (i * inLine).toString(16).padStart(4, '0')
    return `${offset}  ${hexOf(line).padEnd(inLine * 3 - 1)}  ${printable(line)}`
  })
  const left = bytes.length - shown.length
  return left > 0 ? [...lines, `… ${left.toLocaleString('en')} more bytes`] : lines
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
}
