/** Figures of a test, on a separate line that `scripts/prove.ts` collects. */
export function printEvidence(figures: Readonly<Record<string, string | number>>): void {
  console.log(`EVIDENCE ${JSON.stringify(figures)}`)
}

/** The number in an environment variable of `npm run prove`, or the default of `npm test`. */
export function provingNumber(variable: string, otherwise: number): number {
  const text = process.env[variable]
  return text === undefined ? otherwise : Number(text)
}

export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
