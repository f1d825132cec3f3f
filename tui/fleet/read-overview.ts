import type { Finding } from '../../runtime/attention/finding.ts'
import type { Jobs } from '../../runtime/client/client.ts'
import type { Clock } from '../../runtime/model/clock.ts'
import type { Overview } from '../../runtime/store/overview.ts'
import type { FleetView } from './fleet-view.ts'

interface OverviewRead extends Pick<FleetView, 'aheadMs'> {
  readonly overview: Overview
  readonly latencyMs: number
}

/**
 * Reads the overview, and how far the store's clock is ahead of this host's: assumes that the store dated it halfway.
 * @throws StoreUnavailableError
 */
export async function readOverview({ inspector }: Jobs, clock: Clock): Promise<OverviewRead> {
  const began = clock.elapsed()
  const overview = await inspector.overview({ range: '1h' })
  const latencyMs = clock.elapsed() - began
  return { overview, latencyMs, aheadMs: overview.now - clock.now() + latencyMs / 2 }
}

export function splitMuted(all: readonly Finding[]): Pick<FleetView, 'findings' | 'muted'> {
  return {
    findings: all.filter(({ muted }) => muted === undefined),
    muted: all.filter(({ muted }) => muted !== undefined),
  }
}
