import type { CapacityProvider } from './fake-task.ts'

/** A share of a capacity provider strategy. */
export interface CapacityShare {
  readonly capacityProvider: CapacityProvider
  /** The first tasks, up to this number. Default: 0. */
  readonly base?: number
  /** Its part of the others. 1 if left out. */
  readonly weight?: number
}

/** Returns where the next task runs: bases first, then the provider that is furthest below its weight. */
export function capacityFor(
  shares: readonly [CapacityShare, ...CapacityShare[]],
  tasks: readonly { readonly capacityProvider: CapacityProvider }[],
): CapacityProvider {
  const filled = (share: CapacityShare): number =>
    tasks.filter(({ capacityProvider }) => capacityProvider === share.capacityProvider).length
  const base = shares.find((share) => filled(share) < (share.base ?? 0))
  if (base !== undefined) return base.capacityProvider
  const load = (share: CapacityShare): number => (filled(share) - (share.base ?? 0) + 1) / (share.weight ?? 1)
  return shares.reduce((best, share) => (load(share) < load(best) ? share : best)).capacityProvider
}
