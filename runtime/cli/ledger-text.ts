import type { LedgerLine, LedgerOutcome } from '../store/schedules.ts'
import { paint } from './output.ts'

const colours: Partial<Record<LedgerOutcome, Parameters<typeof paint>[0]>> = {
  fired: 'green',
  late: 'yellow',
  'caught up': 'yellow',
  skipped: 'yellow',
  dropped: 'red',
}

export function paintOutcome(text: string, { outcome }: Pick<LedgerLine, 'outcome'>): string {
  return paint(colours[outcome], text)
}
