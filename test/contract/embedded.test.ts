import { embeddedStore } from '../support/stores/embedded-store-kind.ts'
import { describeStoreContract } from './describe-store-contract.ts'
import { describeStoreModel } from './model/describe-store-model.ts'
import { describeLimitHistories } from './rates/describe-limit-histories.ts'
import { describePairProperties } from './rates/describe-pair-properties.ts'
import { describeRateProperties } from './rates/describe-rate-properties.ts'

describeStoreContract(embeddedStore)
describeStoreModel(embeddedStore)
describeRateProperties(embeddedStore)
describePairProperties(embeddedStore)
describeLimitHistories(embeddedStore)
