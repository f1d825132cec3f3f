import { formatDuration } from '../model/format-duration.ts'
import type { StoreCheck } from './store.ts'

/** A jump of the clock that a store's instants follow. */
export interface ClockJump {
  /** What that clock showed when the jump was noticed. */
  readonly at: number
  /** Negative when it was set back. */
  readonly movedMs: number
}

const reportedMs = 86_400_000

/**
 * Reports jumps of the clock; one within the last day is a warning.
 * @param jumps Newest first.
 * @param wall What that clock shows now.
 */
export function clockJumpsCheck(jumps: readonly ClockJump[], wall: number): StoreCheck {
  const [last] = jumps
  if (last === undefined) return { name: 'clock jumps', verdict: 'fine', found: 'none' }
  // Jumps recorded before the clock was set back may be in the future.
  const lately = jumps.filter(({ at }) => Math.abs(wall - at) < reportedMs).length
  const way = last.movedMs > 0 ? 'ahead' : 'back'
  const when = new Date(last.at).toISOString()
  const more = lately > 1 ? `, the last of ${lately} jumps within a day` : ''
  const found = `jumped ${way} by ${formatDuration(toSeconds(Math.abs(last.movedMs)))} at ${when}${more}`
  if (lately === 0) return { name: 'clock jumps', verdict: 'fine', found }
  const remedy =
    'check the time synchronization of its host (timedatectl, chronyc tracking); durations and leases were not affected, instants and schedules followed the clock'
  return { name: 'clock jumps', verdict: 'warning', found, remedy }
}

/** Rounds longer jumps: they are measured with an error of some ms. */
function toSeconds(ms: number): number {
  return ms < 60_000 - 500 ? ms : Math.round(ms / 1_000) * 1_000
}
