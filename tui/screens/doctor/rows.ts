import type { StoreCheck } from '../../../runtime/store/store.ts'
import { hasWords } from '../../text/has-words.ts'
import type { Row, ScreenInput } from '../screen.ts'

/** What the screen has read. */
export interface DoctorData {
  readonly checks: readonly StoreCheck[]
  /** Those that take long are still missing. */
  readonly isQuick: boolean
  readonly address: string
  readonly version: string
}

export interface CheckRow extends Row {
  readonly check: StoreCheck
}

const gravity: readonly StoreCheck['verdict'][] = ['fault', 'warning', 'fine']

/** The checks that match the filter, the most severe first. */
export function checkRows({ data, place }: ScreenInput<DoctorData>): readonly CheckRow[] {
  return (data?.checks ?? [])
    .filter(({ name, verdict, found }) => hasWords([name, verdict, found], place.filter))
    .map((check) => ({ id: check.name, check }))
    .sort((a, b) => gravity.indexOf(a.check.verdict) - gravity.indexOf(b.check.verdict))
}

/** Summarizes the store's state in a few words. */
export function verdictText({ checks, isQuick }: DoctorData): string {
  const count = (verdict: StoreCheck['verdict']): number =>
    checks.filter((check) => check.verdict === verdict).length
  const parts = [counted(count('fault'), 'fault'), counted(count('warning'), 'warning')].filter(Boolean)
  const found = parts.length === 0 ? 'no problem found' : parts.join(', ')
  return isQuick ? `${found} so far, still checking` : found
}

function counted(count: number, word: string): string {
  return count === 0 ? '' : `${count} ${word}${count === 1 ? '' : 's'}`
}
