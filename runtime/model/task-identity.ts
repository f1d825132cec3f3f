/** The ECS task a process runs in, as the metadata endpoint describes it. Read once per process; it never changes. */
export interface TaskIdentity {
  readonly taskArn: string
  /** Name or ARN, as the endpoint returns it. */
  readonly cluster: string
  readonly region: string
  readonly family: string
  readonly revision: string
  readonly zone?: string
  /** `FARGATE`, `EC2` or `EXTERNAL`. */
  readonly launchType?: string
  /** `sha256:…` of the container's image. */
  readonly imageDigest?: string
  readonly service?: string
  /** Limit of the task, in vCPU. */
  readonly vcpu?: number
  readonly memoryMiB?: number
  /**
   * When ECS began to pull its images, by the host's clock: a restart of the process in the task doesn't change it
   * (assumed).
   */
  readonly pulledAt?: number
}
