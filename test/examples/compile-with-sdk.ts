import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from './fargate-kit.ts'

const run = promisify(execFile)

/**
 * Compiles JSON texts as values of the SDK's types; resolves to the output of the compiler, empty if all match. A literal may
 * have no field that its type lacks.
 * @param contents JSON by the name of its type
 */
export function compileAsInputs(contents: Readonly<Record<string, string>>): Promise<string> {
  const checks = Object.entries(contents).map(([type, json]) => `(${json.trim()} satisfies ${type})`)
  return compileWithSdk(Object.keys(contents), checks)
}

/** Compiles expressions that name these types of `@aws-sdk/client-ecs`. */
export async function compileWithSdk(
  types: readonly string[],
  expressions: readonly string[],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-kit-'))
  try {
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
    const names = [...new Set(types.map((type) => type.replace('[]', '')))].join(', ')
    const lines = expressions.map((expression) => `void ${expression}`)
    const compilerOptions = {
      ...{ module: 'nodenext', target: 'es2023', types: ['node'], strict: true, noEmit: true },
      ...{ skipLibCheck: true, exactOptionalPropertyTypes: true },
    }
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const source = [`import type { ${names} } from '@aws-sdk/client-ecs'`, ...lines].join('\n')
    writeFileSync(join(folder, 'check.ts'), source)
    const tsc = join(repository, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    )
    return stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}
