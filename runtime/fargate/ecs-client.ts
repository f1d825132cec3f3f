import { AwsSdkMissingError } from '../model/protection-errors.ts'

/** The used part of `@aws-sdk/client-ecs`. Structural, so that the types of this package don't need it installed. */
export interface EcsModule {
  readonly ECSClient: new (config: object) => EcsClient
  readonly UpdateTaskProtectionCommand: new (input: UpdateTaskProtectionInput) => object
  readonly DescribeTasksCommand: new (input: DescribeInput<'tasks'>) => object
  readonly DescribeServicesCommand: new (input: DescribeInput<'services'>) => object
}

export interface EcsClient {
  send(command: object, options: { readonly abortSignal: AbortSignal }): Promise<unknown>
  destroy(): void
}

interface UpdateTaskProtectionInput {
  readonly cluster: string
  readonly tasks: readonly string[]
  readonly protectionEnabled: boolean
  readonly expiresInMinutes?: number
}

type DescribeInput<Things extends string> = { readonly cluster: string } & Readonly<
  Record<Things, readonly string[]>
>

const connectMs = 2_000
const replyMs = 5_000

/**
 * Loads the optional peer dependency.
 * @throws AwsSdkMissingError
 */
export async function loadEcs(): Promise<EcsModule> {
  // Not a literal in the import, so that neither the compiler nor a bundler needs a package that most programs lack.
  const name = '@aws-sdk/client-ecs'
  try {
    return (await import(name)) as EcsModule
  } catch (error) {
    throw new AwsSdkMissingError(error)
  }
}

/** Creates a client that fails soon and never repeats a call by itself: its caller repeats and counts. */
export function openEcsClient({ ECSClient }: Pick<EcsModule, 'ECSClient'>, region: string): EcsClient {
  return new ECSClient({
    region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: connectMs, requestTimeout: replyMs },
  })
}
