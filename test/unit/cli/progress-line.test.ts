import { expect, test, vi } from 'vitest'
import { ProgressLine } from '../../../runtime/cli/actions/progress-line.ts'
import type { ActionInfo } from '../../../runtime/store/actions.ts'

const going = { action: 'cancel', done: 66, refused: 0, cursor: 'c' } as ActionInfo
const { cursor: _, ...rest } = going
const ended = rest as ActionInfo

test('an open progress line is ended once, an empty one is not', () => {
  const written: string[] = []
  const isTTY = process.stderr.isTTY
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  try {
    process.stderr.isTTY = true
    const line = new ProgressLine()
    line.end()
    line.show(going)
    line.end()
    line.end()
    line.show(going)
    line.show(ended)
    line.end()
  } finally {
    write.mockRestore()
    process.stderr.isTTY = isTTY
  }
  const [clear, text] = ['\r\u001b[K', 'cancelled 66']
  expect(written).toEqual([`${clear}${text}`, '\n', `${clear}${text}`, clear])
})
