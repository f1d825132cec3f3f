import type { FleetView } from '../fleet/fleet-view.ts'

/** Shown instead of missing data: nothing is read while the store is in trouble. */
export function unreadText({ connection }: Pick<FleetView, 'connection'>, what = ''): string {
  const isReading = connection.kind === 'connecting' || connection.kind === 'live'
  if (!isReading) return ' nothing was read yet'
  return what === '' ? ' reading' : ` reading ${what}`
}
