import { afterAll } from 'vitest'
import { RedisCluster } from '../support/redis/redis-cluster.ts'
import { redisStore } from '../support/stores/redis-store-kind.ts'
import { describeStoreContract } from './describe-store-contract.ts'
import { describeStoreModel } from './model/describe-store-model.ts'

let cluster: Promise<RedisCluster> | undefined

function sharedCluster(): Promise<RedisCluster> {
  cluster ??= RedisCluster.start()
  return cluster
}

afterAll(async () => (await cluster)?.remove())

const onCluster = redisStore('Redis Cluster', async () => (await sharedCluster()).url)

describeStoreContract(onCluster)
// The scripts are those of one server, which has more of them.
describeStoreModel(onCluster, 15)
