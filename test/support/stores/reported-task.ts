/** An ECS task as its metadata describes it to a worker. */
export const taskIdentity = {
  taskArn: 'arn:aws:ecs:eu-central-1:111122223333:task/jobs/0af5b9f40e1d4c5f8f3b4b0a4d3c2b1a',
  cluster: 'jobs',
  region: 'eu-central-1',
  family: 'imports',
  revision: '7',
  zone: 'eu-central-1b',
  launchType: 'FARGATE',
  imageDigest: `sha256:${'ab'.repeat(32)}`,
  service: 'wörkers',
  vcpu: 0.5,
  memoryMiB: 1024,
} as const

/** The same as a worker reports it, with its process. */
export const reportedTask = { ...taskIdentity, process: 'a1b2c3', upMs: 5_000 } as const
