/** The largest version of a job: stores keep it in 31 bits, and use one more bit (store/stored-version.ts). */
export const maxVersion: number = 2 ** 31 - 1
