import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const repository: string = join(import.meta.dirname, '../..')
export const kit: string = join(repository, 'examples/fargate')

/** A value for every variable of `kit.env`. */
export const variables = {
  REGION: 'eu-central-1',
  ACCOUNT: '012345678901',
  CLUSTER: 'jobs',
  IMAGE: 'jobs-worker:7',
  STOP_TIMEOUT: '120',
  STORE_SECRET: 'arn:aws:secretsmanager:eu-central-1:012345678901:secret:jobs-store-AbCdEf',
  SUBNET_A: 'subnet-a',
  SUBNET_B: 'subnet-b',
  SECURITY_GROUP: 'sg-1',
} as const

/** As much of a task definition as the tests read. */
export interface TaskDefinition {
  readonly family: string
  readonly cpu: string
  readonly memory: string
  readonly executionRoleArn: string
  readonly taskRoleArn: string
  readonly containerDefinitions: readonly [Container]
}

export interface Container {
  readonly name: string
  readonly environment: readonly { readonly name: string; readonly value: string }[]
  readonly secrets: readonly { readonly name: string; readonly valueFrom: string }[]
  readonly stopTimeout: number
  readonly restartPolicy: { readonly enabled: boolean }
  readonly linuxParameters: { readonly initProcessEnabled: boolean }
  readonly healthCheck: { readonly command: readonly string[] }
  readonly logConfiguration: { readonly options: Readonly<Record<string, string>> }
}

export function kitFile(name: string): string {
  return readFileSync(join(kit, name), 'utf8')
}

/** The output of `fill-in.ts` for a file of the kit. */
export async function fillIn(
  file: string,
  env: Readonly<Record<string, string>> = variables,
): Promise<string> {
  const { stdout } = await run(process.execPath, [join(kit, 'fill-in.ts'), file], { env })
  return stdout
}

export async function filled<T>(file: string): Promise<T> {
  return JSON.parse(await fillIn(file)) as T
}

export async function taskDefinition(): Promise<TaskDefinition> {
  return filled<TaskDefinition>('task-definition.json')
}
