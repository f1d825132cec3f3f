/**
 * When a missing store is created, and one of an older version upgraded. Until then it is only read, and nothing is
 * written to it.
 */
export type Preparation = 'at once' | 'at first write'
