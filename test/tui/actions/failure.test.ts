import { expect, test } from 'vitest'
import { StoreUnavailableError } from '../../../runtime/model/errors.ts'
import type { StoreOutageKind } from '../../../runtime/model/store-outage.ts'
import { type Failure, failureOf } from '../../../tui/actions/failure.ts'

const failures: Readonly<Record<StoreOutageKind, Failure['kind']>> = {
  unreachable: 'unknown',
  silent: 'unknown',
  protocol: 'unknown',
  certificate: 'unknown',
  login: 'refused',
  forbidden: 'refused',
  'too many clients': 'unknown',
  'read-only': 'refused',
  loading: 'unknown',
  busy: 'unknown',
  cluster: 'unknown',
  'primary gone': 'unknown',
  'too few replicas': 'unknown',
  'not saving': 'unknown',
  unconfirmed: 'unknown',
  full: 'refused',
  locked: 'locked',
  file: 'unknown',
  missing: 'refused',
  unsupported: 'refused',
  closed: 'unknown',
}

test.each(Object.entries(failures))('a store that fails as %s: %s', (kind, expected) => {
  const error = new StoreUnavailableError('why', { kind: kind as StoreOutageKind })
  expect(failureOf(error)).toEqual({ kind: expected, text: 'why' })
})

test('any other error is a refusal, in the words of the command line', () => {
  const error = new Error("name it in runAgain: ['pay']")
  expect(failureOf(error)).toEqual({ kind: 'refused', text: "name it in --run-again: ['pay']" })
})
