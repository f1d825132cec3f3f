import { defineJob } from '../../../../sdk/index.ts'

/** Hands its run over after the first step, when its worker drains. */
export const reserve = defineJob({ name: 'reserve' }, async ({ step }) => {
  await step.run('hold seats', () => 'A1')
  await step.run('confirm', ({ signal }) => {
    console.log('confirming')
    return new Promise<void>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
  })
})
