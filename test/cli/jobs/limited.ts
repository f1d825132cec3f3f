import { defineJob, limits } from '../../../sdk/index.ts'

const tenant = limits.concurrency({ name: 'tenant', max: 1 })

/** Holds its slot until its signal aborts. */
export const limited = defineJob<{ tenant: string }, void>(
  { name: 'limited', limits: [{ limiter: tenant, key: (input) => input.tenant }] },
  ({ abortSignal }) => new Promise((resolve) => abortSignal.addEventListener('abort', () => resolve())),
)

/** A call under the same limit. */
export const calls = defineJob<{ tenant: string }, string>({ name: 'calls' }, ({ input, step }) =>
  step.run('call', () => 'called', { limits: [{ limiter: tenant, key: input.tenant }] }),
)
