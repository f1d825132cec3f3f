import type { Plugin } from 'vitest/config'
import { folderVariable } from './program-list.ts'

/**
 * The workers that run inside a test's process start the bundled lease thread. Vite compiles no code of a thread: from the
 * sources, each of hundreds of workers would find some 100 files again and strip their types.
 */
export const bundledLeaseThread: Plugin = {
  name: 'bundled-lease-thread',
  load: (id) =>
    id.endsWith('/runtime/worker/lease-thread-code.ts')
      ? `import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
const url = pathToFileURL(join(process.env.${folderVariable}, 'lease-thread.js'))
export const leaseThreadCode = { kind: 'file', url }`
      : undefined,
}
