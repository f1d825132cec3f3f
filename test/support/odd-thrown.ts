import { inspect } from 'node:util'
import vm from 'node:vm'

function throwing(): never {
  throw new Error('this can’t be read')
}

export function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** `error` with a getter that throws. */
export function withGetter<T extends object>(error: T, ...keys: readonly string[]): T {
  for (const key of keys)
    Object.defineProperty(error, key, { get: throwing, configurable: true, enumerable: true })
  return error
}

/** An object whose every property access throws. */
export function closedProxy(target: object = new Error('behind a proxy')): object {
  const traps = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor'] as const
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, throwing])))
}

export function cyclicAggregate(): AggregateError {
  const error = new AggregateError([], 'refused', { cause: new Error('because') })
  error.errors = Array.from({ length: 30 }, () => error)
  error.errors.push(new Error('the only other one'))
  error.cause = error
  return error
}

const cyclicObject: { self?: unknown; readonly amount: bigint } = { amount: 5n }
cyclicObject.self = cyclicObject

/** Things that job code may throw and that can't be read, or only in part. */
export const oddThrown: Readonly<Record<string, () => unknown>> = {
  'a message that can’t be read': () => withGetter(new Error('refused'), 'message'),
  'nothing that can be read': () =>
    withGetter(new Error('refused'), 'name', 'message', 'code', 'stack', 'cause', 'errors'),
  'a message that is a symbol': () => Object.assign(new Error('x'), { message: Symbol('refused') }),
  'a message without a prototype': () => Object.assign(new Error('x'), { message: Object.create(null) }),
  'a message that is missing': () => Object.assign(new Error('x'), { message: undefined }),
  'a name that is a symbol': () => Object.assign(new Error('refused'), { name: Symbol('Refused') }),
  'a name of Object.prototype': () => Object.assign(new Error('refused'), { name: '__proto__' }),
  'a name that is a constructor': () => Object.assign(new Error('refused'), { name: 'constructor' }),
  'a stack that is a list': () => Object.assign(new Error('refused'), { stack: [1, 2] }),
  'a code that is no number': () => Object.assign(new Error('refused'), { code: Number.NaN }),
  'a cause that is a revoked proxy': () => new Error('refused', { cause: revokedProxy() }),
  'an AggregateError that can’t be listed': () => withGetter(new AggregateError([], 'refused'), 'errors'),
  'an AggregateError of a Set': () =>
    Object.assign(new AggregateError([], 'refused'), { errors: new Set([new Error('a')]) }),
  'an AggregateError of text': () => Object.assign(new AggregateError([], 'refused'), { errors: 'a list' }),
  'an AggregateError of itself': cyclicAggregate,
  'an AggregateError of revoked proxies': () =>
    new AggregateError([revokedProxy(), revokedProxy()], 'refused'),
  'an error of another realm': () => vm.runInNewContext("new TypeError('refused')"),
  'an AggregateError of another realm': () =>
    vm.runInNewContext("new AggregateError([new TypeError('refused')], 'all')"),
  'a proxy that refuses everything': () => closedProxy(),
  'a revoked proxy': revokedProxy,
  'a cyclic object with a BigInt': () => cyclicObject,
  'an object without a prototype': () => Object.assign(Object.create(null) as object, { refused: true }),
  'an object whose toJSON throws': () => ({ toJSON: throwing, toString: throwing }),
  'an object that inspect can’t show': () => Object.assign(new Map(), { [inspect.custom]: throwing }),
  'half a character': () => new Error('refused \ud800'),
  'a long text': () => 'refused '.repeat(1_000_000),
  'a function': () => throwing,
  'a symbol': () => Symbol('refused'),
  'a BigInt': () => 5n,
  null: () => null,
  undefined: () => undefined,
}
