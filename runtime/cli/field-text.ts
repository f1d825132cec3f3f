import { screenWidth } from './output.ts'
import { oneLine, wrapBehind } from './plain-text.ts'

const nameWidth = 10

/** Formats a line of a name and a value; overflow continues below the value. `paint` colours the value. */
export function fieldText(name: string, value: string, paint = (text: string): string => text): string {
  const lines = wrapBehind(name.padEnd(nameWidth), oneLine(value), screenWidth())
  return lines.map((line) => line.slice(0, nameWidth) + paint(line.slice(nameWidth))).join('\n')
}
