import { defineJob } from '../../../../sdk/index.ts'

/** The old step again, and the new one under a new name. */
export const reserve = defineJob({ name: 'reserve' }, async ({ step }) => {
  await step.run('hold seats', () => 'A1')
  await step.sleep('cool down', '1ms')
  await step.run('confirm', () => 'confirmed')
})
