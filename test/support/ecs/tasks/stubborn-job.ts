import { defineJob } from '../../../../sdk/index.ts'

/** A job whose body heeds no signal and never ends. */
export const stubborn = defineJob({ name: 'stubborn' }, ({ step }) =>
  step.run('body', () => new Promise<string>(() => undefined)),
)
