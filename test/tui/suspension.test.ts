import { expect, test } from 'vitest'
import { Suspension } from '../../tui/terminal/suspension.ts'

test('keys are no longer echoed before the full screen is restored', async () => {
  const done: string[] = []
  const stdin = {
    setRawMode(isRaw: boolean) {
      done.push(`raw: ${isRaw}`)
      return process.stdin
    },
  }
  const stdout = {
    write(text: string | Uint8Array) {
      done.push(String(text))
      return true
    },
  }
  const suspension = new Suspension({ stdin, stdout, soon: setImmediate })
  suspension.attach((use) => use())
  await suspension.lend(() => {
    done.push('lent')
  })
  expect(done).toEqual(['lent', 'raw: true', '\x1b[?1049h\x1b[H'])
})
