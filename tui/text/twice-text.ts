/** Says that a part of a filter stands in it a second time, with another value. */
export function twiceText(part: string, value: string): string {
  return `${part} is there already, with '${value}'; a filter has one`
}
