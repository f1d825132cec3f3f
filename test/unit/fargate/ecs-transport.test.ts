import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { EcsModule } from '../../../runtime/fargate/ecs-client.ts'
import { EcsTransport, parseEcsError, parseUpdateReply } from '../../../runtime/fargate/ecs-transport.ts'
import type { TaskIdentity } from '../../../runtime/model/task-identity.ts'
import { ownTask } from './holder-script.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')
const identity: TaskIdentity = {
  taskArn: ownTask,
  cluster: 'jobs',
  region: 'eu-central-1',
  family: 'imports',
  revision: '7',
}

/** The error that the SDK throws for an error reply. */
function replied(name: string, fault: 'client' | 'server', httpStatusCode: number): Error {
  return Object.assign(new Error(`${name} in words`), { name, $fault: fault, $metadata: { httpStatusCode } })
}

describe('a reply of UpdateTaskProtection', () => {
  const expirationDate = new Date(1_800_000_000_000)

  test.each([
    [
      { protectedTasks: [{ taskArn: ownTask, protectionEnabled: true, expirationDate }], failures: [] },
      { kind: 'state', taskArn: ownTask, enabled: true, expiresAt: 1_800_000_000_000 },
    ],
    [
      { protectedTasks: [{ taskArn: ownTask, protectionEnabled: false }], failures: [] },
      { kind: 'state', taskArn: ownTask, enabled: false },
    ],
    [
      { protectedTasks: [], failures: [{ arn: ownTask, reason: 'TASK_NOT_VALID', detail: 'no service' }] },
      { kind: 'refused', code: 'TASK_NOT_VALID', detail: 'no service' },
    ],
    [
      { protectedTasks: [], failures: [] },
      { kind: 'lost', detail: 'ECS replied without the task' },
    ],
    [undefined, { kind: 'lost', detail: 'ECS replied without the task' }],
  ])('%o is read as %o', (reply, answer) => {
    expect(parseUpdateReply(reply)).toEqual(answer)
  })
})

describe('an error of the client', () => {
  test.each([
    [replied('AccessDeniedException', 'client', 400), 'refused'],
    [replied('ClusterNotFoundException', 'client', 400), 'refused'],
    [replied('UnsupportedFeatureException', 'client', 400), 'refused'],
    [replied('ThrottlingException', 'client', 400), 'throttled'],
    [replied('ServerException', 'server', 500), 'lost'],
    [Object.assign(new Error('no reply'), { name: 'TimeoutError' }), 'lost'],
    [Object.assign(new Error('aborted'), { name: 'AbortError' }), 'lost'],
    [new Error('read ECONNRESET'), 'lost'],
    [Object.assign(new Error('no credentials'), { name: 'CredentialsProviderError' }), 'refused'],
    ['text', 'lost'],
  ])('%o is %s', (error, kind) => {
    expect(parseEcsError(error).kind).toBe(kind)
  })
})

describe('a call through the SDK', () => {
  test('names cluster and task, is sent once, and fails soon', async () => {
    const seen: object[] = []
    const ecs: Pick<EcsModule, 'ECSClient' | 'UpdateTaskProtectionCommand'> = {
      ECSClient: class {
        constructor(config: object) {
          seen.push(config)
        }
        async send(command: object): Promise<unknown> {
          seen.push(command)
          return { protectedTasks: [{ taskArn: ownTask, protectionEnabled: false }] }
        }
        destroy(): void {
          seen.push({ destroyed: true })
        }
      },
      UpdateTaskProtectionCommand: class {
        readonly input: object
        constructor(input: object) {
          this.input = input
        }
      },
    }
    const transport = new EcsTransport(ecs, () => identity)
    const { signal } = new AbortController()
    await transport.update({ enabled: true, minutes: 5 }, signal)
    await transport.update({ enabled: false }, signal)
    transport.close()
    expect(seen).toEqual([
      {
        region: 'eu-central-1',
        maxAttempts: 1,
        requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000 },
      },
      { input: { cluster: 'jobs', tasks: [ownTask], protectionEnabled: true, expiresInMinutes: 5 } },
      { input: { cluster: 'jobs', tasks: [ownTask], protectionEnabled: false } },
      { destroyed: true },
    ])
  })

  test('without the package is one error that says what to install', async () => {
    const script = `
      import { registerHooks } from 'node:module'
      registerHooks({ resolve(specifier, context, next) {
        return next(specifier.startsWith('@aws-sdk/') ? specifier + '-not-installed' : specifier, context)
      } })
      const { loadEcs } = await import(${JSON.stringify(join(root, 'runtime/fargate/ecs-client.ts'))})
      const { AwsSdkMissingError } = await import(${JSON.stringify(join(root, 'sdk/index.ts'))})
      const error = await loadEcs().catch((error) => error)
      console.log(JSON.stringify([AwsSdkMissingError.is(error), error.code, error.message]))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script])
    expect(JSON.parse(stdout)).toEqual([
      true,
      'AWS_SDK_MISSING',
      expect.stringMatching(/^ECS_AGENT_URI isn't set.*npm install @aws-sdk\/client-ecs$/s),
    ])
  })
})
