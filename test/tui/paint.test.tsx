import { PassThrough, Writable } from 'node:stream'
import { Terminal } from '@xterm/headless'
import { render, renderToString } from 'ink'
import { expect, test } from 'vitest'
import type { AppState } from '../../tui/app/app-state.ts'
import type { FleetView } from '../../tui/fleet/fleet-view.ts'
import { FrameView } from '../../tui/kit/app-view.tsx'
import type { Size } from '../../tui/screens/screen.ts'
import { wipe } from '../../tui/terminal/wipe.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { queue } from '../support/snapshot.ts'
import { deps, findingOf, fleetOf, pressed, stateOf } from './support/given.ts'

/** A terminal that accepts bytes, of a size that a test changes. */
class FakeScreen extends Writable {
  readonly isTTY = true
  readonly terminal: Terminal
  columns: number
  rows: number

  constructor({ columns, rows }: Size) {
    super({ decodeStrings: false })
    this.columns = columns
    this.rows = rows
    // As a tty does it.
    this.terminal = new Terminal({ cols: columns, rows, convertEol: true, allowProposedApi: true })
  }

  override _write(chunk: string | Buffer, _: BufferEncoding, done: () => void): void {
    this.terminal.write(chunk.toString(), done)
  }

  resize({ columns, rows }: Size): void {
    this.columns = columns
    this.rows = rows
    this.terminal.resize(columns, rows)
    this.emit('resize')
  }

  lines(): readonly string[] {
    const { active } = this.terminal.buffer
    return Array.from(
      { length: this.rows },
      (_, y) => active.getLine(active.baseY + y)?.translateToString(true) ?? '',
    )
  }
}

const sizes: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 30 },
  { columns: 160, rows: 45 },
  { columns: 40, rows: 10 },
  { columns: 39, rows: 24 },
]
const keys = ['j', 'k', 'G', 'g', '1', '2', '9', '?', 'esc', 'tab', 't', 'ctrl-p', 'x', 'F']

test('after 500 random updates and resizes the terminal shows the frame', async () => {
  const seeded = new SeededRandom(20)
  const random = (): number => seeded.next()
  const pick = <T,>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T
  const fleet = (): FleetView =>
    fleetOf(
      {
        queues: Array.from({ length: Math.floor(random() * 9) }, (_, i) => queue(`queue ${i}`, { ready: i })),
      },
      {
        findings: Array.from({ length: Math.floor(random() * 9) }, (_, i) =>
          findingOf(`unserved:${i}`, { sentence: 'word '.repeat(random() * 40) }),
        ),
      },
    )
  let state: AppState = stateOf({ fleet: fleet() })
  const screen = new FakeScreen(state.size)
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  })
  const instance = render(<FrameView state={state} deps={deps} />, {
    ...{ stdout: screen as unknown as NodeJS.WriteStream, stdin: stdin as unknown as NodeJS.ReadStream },
    ...{ alternateScreen: true, incrementalRendering: true, interactive: true, patchConsole: false },
  })
  for (let i = 0; i < 500; i++) {
    if (random() < 0.1) {
      state = { ...state, size: pick(sizes) }
      screen.resize(state.size)
      wipe(instance, screen)
    } else {
      state = random() < 0.5 ? pressed(state, pick(keys)) : { ...state, fleet: fleet() }
    }
    instance.rerender(<FrameView state={state} deps={deps} />)
    await instance.waitUntilRenderFlush()
    const frame = renderToString(<FrameView state={state} deps={deps} />, { columns: state.size.columns })
    const expected = frame.split('\n').map((line) => line.trimEnd())
    const shown = screen.lines().map((line) => line.trimEnd())
    expect(shown.slice(0, expected.length), `update ${i}`).toEqual(expected)
  }
  instance.unmount()
  await instance.waitUntilExit()
})
