import type { Series } from './rates.ts'

const bars = { block: ' ▁▂▃▄▅▆▇█', ascii: ' .:-=#' } as const

/** Draws values, oldest first, over the whole width, and returns the lines from the top. */
export function sparkline(
  values: Series,
  {
    width,
    height,
    form,
  }: { readonly width: number; readonly height: number; readonly form: keyof typeof bars },
): readonly string[] {
  const levels = bars[form].length - 1
  const columns = Array.from({ length: width }, (_, x) => {
    const from = Math.floor((x * values.length) / width)
    const some = values.slice(from, Math.max(from + 1, Math.floor(((x + 1) * values.length) / width)))
    return Math.max(0, ...some.map((value) => value ?? 0))
  })
  const top = Math.max(...columns, 0)
  const scaled = columns.map((value) => (top === 0 ? 0 : Math.ceil((value / top) * levels * height)))
  return Array.from({ length: height }, (_, line) => {
    const below = (height - 1 - line) * levels
    return scaled.map((level) => bars[form][Math.max(0, Math.min(levels, level - below))] ?? ' ').join('')
  })
}
