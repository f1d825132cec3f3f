/** Releases of the shop: the version of most of its jobs. */
export const firstRelease = 15
/** What runs when the deploy begins. */
export const oldRelease = 16
/** What the deploy brings. */
export const newRelease = 17
