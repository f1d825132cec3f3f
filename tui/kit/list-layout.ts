import type { Place } from '../app/place.ts'
import type { Size } from '../screens/screen.ts'

/** How a screen divides the body between a list and the details of the row under the cursor, below it. */
export interface ListLayout {
  /** Of the list's pane, its rule included; 0: the rest has the whole body. */
  readonly paneHeight: number
  /** Lines of the list that hold rows. */
  readonly listHeight: number
  /** Of the pane below, its rule included; 0: there is no room for it. */
  readonly detailHeight: number
}

/** From so many lines on there is room for both. */
const leastRows = 14
const leastDetail = 8
const detailShare = 0.45

/**
 * The division depends only on the size, so that rows that come and go move nothing.
 * @param above How many lines the list's pane has above its rows besides the title line of the table.
 */
export function listLayout(
  { size, place }: { readonly size: Size; readonly place: Place },
  above = 0,
): ListLayout {
  if (place.own.zoom === true) return { paneHeight: 0, listHeight: 0, detailHeight: size.rows }
  const detailHeight = size.rows < leastRows ? 0 : Math.max(leastDetail, Math.floor(size.rows * detailShare))
  const paneHeight = size.rows - detailHeight
  // Less the rule and the title line of the table.
  return { paneHeight, listHeight: Math.max(0, paneHeight - 2 - above), detailHeight }
}

/** The toggle `zoom` of such a screen. */
export function zoomed(own: Place['own']): Place['own'] {
  const { zoom, ...others } = own
  return zoom === true ? others : { ...others, zoom: true }
}
