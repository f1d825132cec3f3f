import type { Orders } from '../../store.ts'
import type { Reply } from '../redis-link.ts'

/** @param reply Drain order, then with a space behind each the ids to cancel and, with a + before it, those granted a limit. */
export function ordersOf(reply: Reply): Orders {
  const [drain, cancel] = reply as readonly Reply[]
  const text = String(cancel)
  if (text === '') return { drain: drain === 1, cancel: [], granted: [] }
  const ids = text.trimEnd().split(' ')
  return {
    drain: drain === 1,
    cancel: ids.filter((id) => id[0] !== '+'),
    granted: ids.filter((id) => id[0] === '+').map((id) => id.slice(1)),
  }
}
