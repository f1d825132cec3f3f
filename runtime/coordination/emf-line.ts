import type { Metrics } from './fleet-metrics.ts'

/** Metrics of one moment, with the dimensions they have in CloudWatch. */
export interface EmfDocument {
  readonly namespace: string
  /** Wall time. */
  readonly at: number
  readonly dimensions: Readonly<Record<string, string>>
  readonly metrics: Metrics
}

/** CloudWatch refuses longer ones; names of queues may be longer. */
const maxDimensionLength = 1_024

/**
 * Returns one line in CloudWatch's embedded metric format: CloudWatch Logs makes metrics of it, without an agent or a
 * permission of the task. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function emfLine({ namespace, at, dimensions, metrics }: EmfDocument): string {
  const definitions = Object.entries(metrics).map(([Name, [, Unit]]) => ({ Name, Unit }))
  const values = Object.entries(metrics).map(([name, [value]]) => [name, value] as const)
  const named = Object.entries(dimensions).map(
    ([name, value]) => [name, value.slice(0, maxDimensionLength)] as const,
  )
  return JSON.stringify({
    _aws: {
      Timestamp: Math.round(at),
      CloudWatchMetrics: [
        { Namespace: namespace, Dimensions: [Object.keys(dimensions)], Metrics: definitions },
      ],
    },
    ...Object.fromEntries([...named, ...values]),
  })
}
