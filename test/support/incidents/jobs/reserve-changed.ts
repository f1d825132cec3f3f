import { defineJob } from '../../../../sdk/index.ts'

/** A step has become another kind under its old name. */
export const reserve = defineJob({ name: 'reserve' }, async ({ step }) => {
  await step.sleep('hold seats', '1ms')
  await step.run('confirm', () => 'confirmed')
})
