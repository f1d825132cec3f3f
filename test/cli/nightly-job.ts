import { z } from 'zod'
import { defineJob } from '../../sdk/index.ts'

/** One run per day. */
export const nightly = defineJob(
  {
    name: 'nightly',
    input: z.object({ day: z.string() }),
    unique: { key: ({ day }) => day, onDuplicate: 'reject' },
  },
  async () => {},
)
