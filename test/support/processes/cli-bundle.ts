import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the command line as one program; a project without this setup runs the sources. */
    readonly bundledCli?: string
  }
}

const root = join(import.meta.dirname, '../../..')
/** In the package, whose version the program reads. */
const folder = join(root, `.test-bundles/cli-${process.pid}`)

/**
 * Bundles the command line once for all tests of this run, from the sources as they are: hundreds of commands start, and
 * half of the time of each goes into finding some 350 files.
 */
export async function setup({ provide }: TestProject): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['runtime/cli/main.ts'],
    outdir: folder,
    ...{ bundle: true, splitting: true, packages: 'external' },
    ...{ platform: 'node', format: 'esm', target: 'node22.18' },
    logLevel: 'warning',
  })
  provide('bundledCli', join(folder, 'main.js'))
}

export function teardown(): void {
  rmSync(folder, { recursive: true, force: true })
}
