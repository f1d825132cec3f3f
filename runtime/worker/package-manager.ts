import { readFileSync } from 'node:fs'

/** Whether npm, npx, pnpm or yarn started this process, through a shell. */
export function startedByPackageManager(): boolean {
  return process.env.npm_lifecycle_event !== undefined
}

/** Returns the package manager that is process 1 of the container, above this process; undefined if none is. */
export function packageManagerAsInit(): string | undefined {
  if (!startedByPackageManager() || process.pid === 1) return undefined
  try {
    return /\b(?:npm|npx|pnpm|yarn)\b/.exec(readFileSync('/proc/1/cmdline', 'utf8'))?.[0]
  } catch {
    // Not Linux, so no container of this kind.
    return undefined
  }
}
