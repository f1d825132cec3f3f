import { expect } from 'vitest'

const units = new Set(['Count', 'Milliseconds', 'Percent'])

interface Directive {
  readonly Namespace: string
  readonly Dimensions: readonly (readonly string[])[]
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[]
}

/** Expects a text to be one document of CloudWatch's embedded metric format, by the bounds of its specification. */
export function expectEmf(line: string): Readonly<Record<string, unknown>> {
  // The size of a log event.
  expect(Buffer.byteLength(line)).toBeLessThan(256 * 1024)
  const root = JSON.parse(line) as Readonly<Record<string, unknown>>
  const { Timestamp, CloudWatchMetrics, ...more } = root._aws as {
    Timestamp: unknown
    CloudWatchMetrics: readonly Directive[]
  }
  expect(more).toEqual({})
  expect(Number.isInteger(Timestamp)).toBe(true)
  expect(CloudWatchMetrics.length).toBeGreaterThan(0)
  for (const { Namespace, Dimensions, Metrics, ...rest } of CloudWatchMetrics) {
    expect(rest).toEqual({})
    expect(Namespace).toMatch(/^.{1,1024}$/)
    // At least one set of at most 30; an empty one is a metric without dimensions.
    expect(Dimensions.length).toBeGreaterThan(0)
    for (const set of Dimensions) {
      expect(set.length).toBeLessThanOrEqual(30)
      for (const name of set) {
        expect(name).toMatch(/^.{1,250}$/)
        expect(typeof root[name]).toBe('string')
        expect((root[name] as string).length).toBeLessThanOrEqual(1_024)
      }
    }
    expect(Metrics.length).toBeGreaterThan(0)
    expect(Metrics.length).toBeLessThanOrEqual(100)
    for (const { Name, Unit, ...others } of Metrics) {
      expect(others).toEqual({})
      expect(Name).toMatch(/^.{1,1024}$/)
      expect(units).toContain(Unit)
      expect(Number.isFinite(root[Name])).toBe(true)
    }
  }
  return root
}
