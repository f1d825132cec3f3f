/* Loaded by every Node that can load a module at all: no import, and no syntax newer than Node 12. */

const oldest = { major: 22, minor: 18 }

/** Returns why this Node can't run the program, or ''. */
export function nodeVersionProblem(version: string): string {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return ''
  const needed = `${oldest.major}.${oldest.minor}`
  return `needs Node ${needed} or newer, this is Node ${version}; install a newer one from https://nodejs.org`
}
