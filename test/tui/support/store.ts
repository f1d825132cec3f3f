import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Jobs } from '../../../runtime/client/client.ts'
import { openStore } from '../../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'

export interface TestStore {
  readonly url: string
  readonly jobs: Jobs
}

/** An embedded store of its own for the running test. */
export async function ownStore(): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), 'jobs-tui-store-'))
  const url = `sqlite:${join(folder, 'jobs.db')}`
  const config = parseStoreConfig(url)
  const jobs = new Jobs(await openStore(config), config, [])
  onTestFinished(async () => {
    await jobs.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { url, jobs }
}
