import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder of the system's temporary ones, for all that a demo makes. */
export function makeDemoFolder(): string {
  return mkdtempSync(join(tmpdir(), 'jobs-tui-demo-'))
}

/** A process that just died may have made a file meanwhile. */
export function removeDemoFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
