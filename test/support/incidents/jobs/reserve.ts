import { defineJob } from '../../../../sdk/index.ts'

/** Hands its run over after the first step, when its worker is told to stop. */
export const reserve = defineJob({ name: 'reserve' }, async ({ step }) => {
  await step.run('hold seats', () => 'A1')
  await step.run('confirm', ({ abortSignal }) => {
    console.log('confirming')
    return new Promise<void>((_, reject) =>
      abortSignal.addEventListener('abort', () => reject(abortSignal.reason), { once: true }),
    )
  })
})
