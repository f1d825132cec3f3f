import { relative } from 'node:path'

/** Returns a path as a person in this folder would type it. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') || short === '' ? path : short
}
