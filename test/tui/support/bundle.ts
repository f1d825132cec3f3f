import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundleTui } from '../../../scripts/bundle-tui.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the program that tests start. */
    readonly jobsTui: string
  }
}

/** Builds the program once for all tests of this run, from the sources as they are. */
export async function setup({ provide }: TestProject): Promise<void> {
  provide('jobsTui', await bundleTui(folder))
}

export function teardown(): void {
  rmSync(folder, { recursive: true, force: true })
}

/** In the package, whose version the program reads. */
const folder = join(import.meta.dirname, `../../../.test-bundles/${process.pid}`)
