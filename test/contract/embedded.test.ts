import { describeStoreContract } from './describe-store-contract.ts'
import { embeddedStore } from './embedded-store-kind.ts'
import { describeStoreModel } from './model/describe-store-model.ts'
import { describeRateProperties } from './rates/describe-rate-properties.ts'

describeStoreContract(embeddedStore)
describeStoreModel(embeddedStore)
describeRateProperties(embeddedStore)
