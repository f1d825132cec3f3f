import type { Logger } from '../../runtime/model/job.ts'

const nothing = (): void => undefined

/** The screen is the only thing that the demo writes to. */
export const quietLog: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
