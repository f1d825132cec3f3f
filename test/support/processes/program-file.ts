import { join } from 'node:path'
import { type BundledProgram, folderVariable } from './program-list.ts'

const root = join(import.meta.dirname, '../../..')

/** Returns the path of a program to start: its bundle in tests, its source in scripts that share code with tests. */
export function programFile(program: BundledProgram): string {
  const folder = process.env[folderVariable]
  return folder === undefined ? join(root, program) : join(folder, program.replace(/\.ts$/, '.js'))
}

/** Returns the path of the command line. */
export function cliFile(): string {
  const folder = process.env[folderVariable]
  return folder === undefined
    ? join(root, 'runtime/cli/main.ts')
    : programFile('test/support/processes/cli-program.ts')
}
