import type { ActionCase } from './action-case.ts'
import { findingCases, fleetCases, pausingCases } from './fleet-action-cases.ts'
import { runActionCases } from './run-action-cases.ts'
import type { Shop } from './shop.ts'
import { short } from './shop-facts.ts'

export const actionCases: readonly ActionCase[] = [
  ...findingCases,
  ...runActionCases,
  ...pausingCases,
  ...fleetCases,
]

/** On the row of the cursor before a case begins. */
export async function firstRow(
  { row, place }: ActionCase,
  shop: Shop,
  [first = '']: readonly string[],
): Promise<string> {
  if (row !== undefined) return row(shop)
  return place.startsWith('runs') ? short(first) : first
}
