/** Errors of the ECS API by name, with the HTTP status that each has. */
const statuses = {
  AccessDeniedException: 400,
  ClientException: 400,
  ClusterNotFoundException: 400,
  ConflictException: 400,
  InvalidParameterException: 400,
  MissingAuthenticationTokenException: 400,
  ResourceNotFoundException: 400,
  SerializationException: 400,
  ServerException: 500,
  ServiceNotActiveException: 400,
  ServiceNotFoundException: 400,
  ThrottlingException: 400,
  UnknownOperationException: 400,
  UnsupportedFeatureException: 400,
} as const

export type AwsErrorCode = keyof typeof statuses

/** An error reply of the ECS API. */
export class AwsError extends Error {
  override readonly name = 'AwsError'
  readonly code: AwsErrorCode
  readonly status: number

  constructor(code: AwsErrorCode, message: string) {
    super(message)
    this.code = code
    this.status = statuses[code]
  }

  /** Whether the SDKs of AWS try such a call again. */
  get retryable(): boolean {
    return this.status >= 500 || this.code === 'ThrottlingException'
  }
}
