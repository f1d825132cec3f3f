import { defineJob } from '../../../../sdk/index.ts'

export const invoice = defineJob({ name: 'invoice', version: 1 }, async () => {})
