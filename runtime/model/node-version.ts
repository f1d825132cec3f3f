/*
 * Loaded by every Node that can load a module at all: no import, and no syntax younger than Node 12.
 */

const oldest = { major: 22, minor: 18 }

/** Why this Node can't run the program; empty when it can. */
export function nodeVersionProblem(version: string): string {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return ''
  const needed = `${oldest.major}.${oldest.minor}`
  return `needs Node ${needed} or newer, this is Node ${version}; install a newer one from https://nodejs.org`
}
