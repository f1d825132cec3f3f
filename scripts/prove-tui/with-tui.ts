import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RecordedTerminal } from '../../test/support/terminal/recorded-terminal.ts'
import type { Size } from '../../tui/screens/screen.ts'
import { bundleTui } from '../bundle-tui.ts'

const wide: Size = { columns: 160, rows: 45 }

/** Builds jobs-tui as it is shipped, for as long as `use` takes. */
export async function withBundle(use: (program: string) => Promise<void>): Promise<void> {
  // In the package, whose version the program reads.
  const folder = join(import.meta.dirname, `../../.test-bundles/${process.pid}`)
  try {
    await use(await bundleTui(folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Opens a terminal in which `command` is started by `begin`. */
export async function withTerminal<T>(
  command: readonly string[],
  use: (terminal: RecordedTerminal) => Promise<T>,
): Promise<T> {
  const terminal = await RecordedTerminal.open({ size: wide, program: [process.execPath, ...command] })
  try {
    return await use(terminal)
  } finally {
    terminal.close()
  }
}

/** Ms from the start of a command, which a shell gets typed, until `isThere`. */
export async function msUntil(
  terminal: RecordedTerminal,
  isThere: (terminal: RecordedTerminal) => boolean,
): Promise<number> {
  const begun = performance.now()
  await terminal.begin()
  await terminal.until(isThere)
  return performance.now() - begun
}

/** CPU time that a process has used so far, all its threads together. */
export function cpuMsOf(pid: number): number {
  // The name before it may hold spaces; what follows it does not.
  const [, rest = ''] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
  const fields = rest.split(' ')
  const ticksPerSecond = 100
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1_000
}

export function rssMiBOf(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) / 1_024
}
