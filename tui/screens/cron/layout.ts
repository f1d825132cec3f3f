import { type ListLayout, listLayout } from '../../kit/list-layout.ts'
import type { ScreenInput } from '../screen.ts'
import type { CronData } from './cron-data.ts'
import { shownPane } from './rows.ts'

/** How Cron divides what is below its list: ticks and ledger side by side, or whichever tab has chosen. */
export interface CronLayout extends ListLayout {
  /** 0: the ledger has the place. */
  readonly ticksWidth: number
  /** 0: the ticks have the place. */
  readonly ledgerWidth: number
  /** Lines of the ledger that hold rows. */
  readonly ledgerRows: number
}

/** From here on both have room. */
const wideColumns = 140
/** Holds a tick in two zones. */
const wideTicks = 84

export function cronLayout(input: Pick<ScreenInput<CronData>, 'size' | 'place'>): CronLayout {
  const layout = listLayout(input)
  const { columns } = input.size
  const hasLedger = shownPane(input.place) === 'ledger'
  const isWide = columns >= wideColumns
  const ticksWidth = isWide ? wideTicks : hasLedger ? 0 : columns
  const ledgerWidth = isWide ? columns - 1 - ticksWidth : hasLedger ? columns : 0
  return { ...layout, ticksWidth, ledgerWidth, ledgerRows: Math.max(0, layout.detailHeight - 2) }
}
