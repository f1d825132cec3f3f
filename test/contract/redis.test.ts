import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { redisStore } from '../support/stores/redis-store-kind.ts'
import { describeStoreContract } from './describe-store-contract.ts'
import { describeStoreModel } from './model/describe-store-model.ts'
import { describeLimitHistories } from './rates/describe-limit-histories.ts'
import { describePairProperties } from './rates/describe-pair-properties.ts'
import { describeRateProperties } from './rates/describe-rate-properties.ts'

const onRedis = redisStore('Redis', async () => (await sharedRedisServer()).url)

describeStoreContract(onRedis)
describeStoreModel(onRedis)
describeRateProperties(onRedis)
describePairProperties(onRedis)
describeLimitHistories(onRedis)
