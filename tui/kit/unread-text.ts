import type { FleetView } from '../fleet/fleet-view.ts'

/** What stands where data are to be: nothing is read while the store is in trouble. */
export function unreadText({ connection }: Pick<FleetView, 'connection'>, what = ''): string {
  const isReading = connection.kind === 'connecting' || connection.kind === 'live'
  if (!isReading) return ' nothing was read yet'
  return what === '' ? ' reading' : ` reading ${what}`
}
