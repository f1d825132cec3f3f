import { fileURLToPath } from 'node:url'

/** A position in a file, as a stack names it. */
export interface Frame {
  readonly path: string
  readonly line: string
}

const ownFolders = ['../../runtime/', '../../sdk/'].map((folder) =>
  fileURLToPath(new URL(folder, import.meta.url)),
)

/** Returns the first line of `stack` that is in a user's file: neither Node's, nor a package's, nor ours. */
export function firstUserFrame(stack: string): Frame | undefined {
  // An error of a parser has its position in a header line instead of a frame.
  const header = /^(?<file>(?:file:\/\/)?\/.*):(?<line>\d+)$/m.exec(stack)
  const frames = [...stack.matchAll(/(?<=[\s(])(?<file>(?:file:\/\/)?\/[^\s()]+?):(?<line>\d+):\d+\)?$/gm)]
  for (const match of [...(header ? [header] : []), ...frames]) {
    const { file = '', line = '' } = match.groups ?? {}
    const path = file.startsWith('file:') ? fileURLToPath(file) : file
    const foreign = path.includes('/node_modules/') || ownFolders.some((folder) => path.startsWith(folder))
    if (!foreign) return { path, line }
  }
  return undefined
}
