import { resourceName } from './arns.ts'
import { AwsError } from './aws-error.ts'
import type { FakeCluster } from './fake-cluster.ts'
import { getTaskProtection, updateTaskProtection } from './protection-operations.ts'
import type { RequestReader } from './request-reader.ts'
import { describeServices, updateService } from './service-operations.ts'
import { describeTasks, listTasks, runTask, stopTask } from './task-operations.ts'

export type EcsOperation =
  | 'DescribeServices'
  | 'DescribeTasks'
  | 'GetTaskProtection'
  | 'ListTasks'
  | 'RunTask'
  | 'StopTask'
  | 'UpdateService'
  | 'UpdateTaskProtection'

type Operation = (cluster: FakeCluster, request: RequestReader) => object

const operations: Readonly<Record<EcsOperation, Operation>> = {
  DescribeServices: describeServices,
  DescribeTasks: describeTasks,
  GetTaskProtection: getTaskProtection,
  ListTasks: listTasks,
  RunTask: runTask,
  StopTask: stopTask,
  UpdateService: updateService,
  UpdateTaskProtection: updateTaskProtection,
}

export function isEcsOperation(name: string): name is EcsOperation {
  return Object.hasOwn(operations, name)
}

/** Carries out one operation, or throws an AwsError. */
export function runOperation(operation: EcsOperation, cluster: FakeCluster, request: RequestReader): object {
  const named = request.optionalText('cluster') ?? missingCluster(operation)
  if (resourceName(named) !== cluster.arns.clusterName) {
    throw new AwsError('ClusterNotFoundException', 'Cluster not found.')
  }
  return operations[operation](cluster, request)
}

/** Returns the default cluster of a request without one. */
function missingCluster(operation: EcsOperation): string {
  if (operation === 'UpdateTaskProtection' || operation === 'GetTaskProtection') {
    throw new AwsError('InvalidParameterException', 'cluster can not be blank.')
  }
  return 'default'
}
