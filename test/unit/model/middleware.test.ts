import { describe, expect, test } from 'vitest'
import { hooksOf, type Middleware, type Next, through } from '../../../runtime/model/middleware.ts'

type Context = { readonly trace: string[] }

function tracer(name: string) {
  return async ({ trace }: Context, next: Next<string>): Promise<string> => {
    trace.push(`${name} before`)
    const value = await next()
    trace.push(`${name} after`)
    return `${name}(${value})`
  }
}

describe('middleware', () => {
  test('wraps the work, the first one outermost', async () => {
    const trace: string[] = []
    const value = await through([tracer('a'), tracer('b')], { trace }, async () => {
      trace.push('work')
      return 'work'
    })
    expect(value).toBe('a(b(work))')
    expect(trace).toEqual(['a before', 'b before', 'work', 'b after', 'a after'])
  })

  test('without any is only the work', async () => {
    await expect(through([], {}, async () => 5)).resolves.toBe(5)
  })

  test('sees the error of the work and may replace it', async () => {
    const translate = async (_context: object, next: Next<string>): Promise<string> =>
      next().catch((error: Error) => `caught ${error.message}`)
    const value = through([translate, tracer('b')], { trace: [] }, () => Promise.reject(new Error('broken')))
    await expect(value).resolves.toBe('caught broken')
  })

  test('may throw at once, or return no promise: it rejects or resolves like any other', async () => {
    const throwing = (): never => {
      throw new Error('in the way')
    }
    await expect(through([throwing], {}, async () => 5)).rejects.toThrow('in the way')
    await expect(through([(() => 7) as never], {}, async () => 5)).resolves.toBe(7)
  })

  test('may prevent the work', async () => {
    let worked = false
    const gate = async (): Promise<string> => 'held back'
    const value = await through([gate], {}, async () => {
      worked = true
      return 'work'
    })
    expect([value, worked]).toEqual(['held back', false])
  })

  test('hooks of one kind run in order and keep their this', async () => {
    class Counter implements Middleware {
      claims = 0
      async claim(_context: object, next: Next<number>): Promise<number> {
        this.claims++
        return next()
      }
    }
    const counter = new Counter()
    const hooks = hooksOf([counter, {}, { step: (_context, next) => next() }], 'claim')
    expect(hooks).toHaveLength(1)
    await through(hooks, { free: 1, running: 0 }, async () => 0)
    expect(counter.claims).toBe(1)
  })
})
