import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs one measurement in a folder of its own and prints its figures as one line of JSON. */
export async function report(
  measure: (folder: string) => Promise<Readonly<Record<string, number>>>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-bench-'))
  try {
    console.log(JSON.stringify(await measure(folder)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
