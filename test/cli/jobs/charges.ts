import { existsSync } from 'node:fs'
import { defineJob } from '../../../sdk/index.ts'

/** Fails until there is a file `bank-is-back` in the folder. */
export const charge = defineJob<{ once?: boolean }>(
  { name: 'charge', retry: false },
  async ({ step, input }) => {
    await step.run('read', () => 1)
    const pay = () => {
      if (!existsSync('bank-is-back')) throw new Error('the bank is down')
    }
    if (input.once) await step.run('pay once', pay, { atMostOnce: true })
    else await step.run('pay', pay, { retry: false })
  },
)
