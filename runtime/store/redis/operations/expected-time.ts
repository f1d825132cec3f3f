import type { ScriptCalls } from '../script-calls.ts'

/** A time that the caller of a manual action saw, in the form that scripts compare: the stored time, or `none`. */
export function expectedTime({ clock }: ScriptCalls, seen: number | undefined): string {
  return seen === undefined ? 'none' : String(Math.round(clock.stored(seen)))
}
