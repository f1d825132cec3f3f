import fc from 'fast-check'

const text = fc.string({ unit: 'grapheme' })
const leaf = fc.oneof(
  text,
  fc.boolean(),
  fc.integer(),
  fc.double().filter((number) => !Object.is(number, -0)),
  fc.constantFrom(null, undefined),
  fc.bigInt(),
  fc.date(),
  fc.uint8Array(),
  fc.float64Array(),
  fc.int16Array(),
)
const field = text.filter((key) => key !== '__proto__')
/** Values that round-trip unchanged: any nesting of plain objects, arrays, Maps, Sets and leaves. */
export const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(field, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    fc.array(fc.tuple(leaf, tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
  ),
}))
