/** Says that a part of a filter is repeated with another value. */
export function twiceText(part: string, value: string): string {
  return `${part} is there already, with '${value}'; a filter has one`
}
