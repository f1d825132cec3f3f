import type { DescribeServicesResponse, UpdateServiceResponse } from '@aws-sdk/client-ecs'
import { resourceName } from './arns.ts'
import { AwsError } from './aws-error.ts'
import type { FakeCluster } from './fake-cluster.ts'
import type { RequestReader } from './request-reader.ts'
import type { Wire } from './wire.ts'

export function describeServices(
  cluster: FakeCluster,
  request: RequestReader,
): Wire<DescribeServicesResponse> {
  const found = request.texts('services', 10).map((name) => cluster.service(name) ?? name)
  return {
    services: found.flatMap((each) => (typeof each === 'string' ? [] : [each.describe()])),
    failures: found.flatMap((each) =>
      typeof each === 'string' ? [{ arn: cluster.arns.service(resourceName(each)), reason: 'MISSING' }] : [],
    ),
  }
}

export function updateService(cluster: FakeCluster, request: RequestReader): Wire<UpdateServiceResponse> {
  const service = cluster.service(request.text('service'))
  if (service === undefined) throw new AwsError('ServiceNotFoundException', 'Service not found.')
  const definition = request.optionalText('taskDefinition')
  const configuration = request.optionalObject('deploymentConfiguration')
  const percent = { min: 0, max: 200_000 }
  service.update({
    desiredCount: request.optionalInteger('desiredCount', { min: 0, max: 5_000 }),
    definition: definition === undefined ? undefined : cluster.definitions.find(definition),
    forceNewDeployment: request.optionalBoolean('forceNewDeployment'),
    minimumHealthyPercent: configuration?.optionalInteger('minimumHealthyPercent', percent),
    maximumPercent: configuration?.optionalInteger('maximumPercent', percent),
  })
  return { service: service.describe() }
}
