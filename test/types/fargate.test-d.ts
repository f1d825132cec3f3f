import { expectTypeOf, test } from 'vitest'
import {
  type ProtectionStatus,
  type ScaleInProtectionOptions,
  scaleInProtection,
} from '../../runtime/fargate/index.ts'
import type { WorkerOptions } from '../../runtime/index.ts'

test('the result of scaleInProtection is a middleware of a worker', () => {
  const options = { middleware: [scaleInProtection(), scaleInProtection({ mode: 'required', period: '5m' })] }
  expectTypeOf(options).toExtend<Partial<WorkerOptions>>()
})

test('modes are literal types', () => {
  expectTypeOf<ScaleInProtectionOptions['mode']>().toEqualTypeOf<
    'off' | 'best-effort' | 'required' | undefined
  >()
  // @ts-expect-error: no mode
  void scaleInProtection({ mode: 'always' })
  // @ts-expect-error: a duration
  void scaleInProtection({ period: 'five' })
})

test('the kind of a state determines its other fields', () => {
  const { state } = {} as ProtectionStatus
  if (state.kind === 'refused') expectTypeOf(state.retryInMs).toEqualTypeOf<number | undefined>()
  // @ts-expect-error: only a refusal has it
  if (state.kind === 'held') void state.code
})
