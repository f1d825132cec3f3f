import { describe, expect, test } from 'vitest'
import { copyNote, copySequence, maxCopyBytes } from '../../../tui/text/osc52.ts'

const sequenceOf = (text: string, environment: object = {}): string => {
  const result = copySequence(text, environment)
  return result.kind === 'sequence' ? result.text : result.kind
}
const plain = '\u001b]52;c;SMOkIPCfmoA=\u0007'

describe('the sequence that copies a text', () => {
  test('encodes its bytes in base64', () => {
    expect(sequenceOf('Hä 🚀')).toBe(plain)
    expect(sequenceOf('Hä 🚀', { TMUX: '', STY: '' })).toBe(plain)
  })

  test('inside tmux is sent plain and wrapped, whichever tmux passes on', () => {
    const wrapped = '\u001bPtmux;\u001b\u001b]52;c;SMOkIPCfmoA=\u0007\u001b\\'
    expect(sequenceOf('Hä 🚀', { TMUX: '/tmp/tmux-0/default,1,0' })).toBe(plain + wrapped)
  })

  test('inside screen is split into parts that it accepts', () => {
    const parts = sequenceOf('x'.repeat(2_000), { STY: '1.tty' }).split('\u001b\\').slice(0, -1)
    expect(parts.length).toBeGreaterThan(3)
    expect(parts.every((part) => part.startsWith('\u001bP') && part.length < 768)).toBe(true)
    expect(parts.map((part) => part.slice(2)).join('')).toBe(sequenceOf('x'.repeat(2_000)))
  })

  test('is empty for a text that terminals would truncate', () => {
    expect(sequenceOf('x'.repeat(maxCopyBytes)).length).toBeLessThanOrEqual(100_000)
    const long = copySequence('ä'.repeat(maxCopyBytes), {})
    expect(long).toEqual({ kind: 'too long', bytes: 2 * maxCopyBytes, maxBytes: maxCopyBytes })
    expect(copyNote('run', long)).toBe(
      'run is too long to copy: 149,988 bytes, a terminal takes 74,994; open it in the pager with o',
    )
  })
})

test('the message after a copy claims no more than is known', () => {
  expect(copyNote('run r1', copySequence('r1', {}))).toBe('run r1 sent to the clipboard of your terminal')
})
