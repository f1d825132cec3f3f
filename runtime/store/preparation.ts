/**
 * When a store that is not there is made, and one of an older version brought up to date. Until then it is only read, and
 * nothing is written to it.
 */
export type Preparation = 'at once' | 'at first write'
