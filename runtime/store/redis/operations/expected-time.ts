import type { ScriptCalls } from '../script-calls.ts'

/** A time that the caller of a manual write saw, as scripts compare it: the stored time, or `none`. */
export function expectedTime({ clock }: ScriptCalls, seen: number | undefined): string {
  return seen === undefined ? 'none' : String(Math.round(clock.stored(seen)))
}
