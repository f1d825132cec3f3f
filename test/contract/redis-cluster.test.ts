import { afterAll } from 'vitest'
import { RedisCluster } from '../redis-server/redis-cluster.ts'
import { describeStoreContract } from './describe-store-contract.ts'
import { describeStoreModel } from './model/describe-store-model.ts'
import { describeLimitHistories } from './rates/describe-limit-histories.ts'
import { describePairProperties } from './rates/describe-pair-properties.ts'
import { describeRateProperties } from './rates/describe-rate-properties.ts'
import { redisStore } from './redis-store-kind.ts'

let cluster: Promise<RedisCluster> | undefined

function sharedCluster(): Promise<RedisCluster> {
  cluster ??= RedisCluster.start()
  return cluster
}

afterAll(async () => (await cluster)?.remove())

const onCluster = redisStore('Redis Cluster', async () => (await sharedCluster()).url)

describeStoreContract(onCluster)
describeStoreModel(onCluster)
describeRateProperties(onCluster)
describePairProperties(onCluster)
describeLimitHistories(onCluster)
