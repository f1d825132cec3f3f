import { registerHooks } from 'node:module'

/*
 * The command line as tests start it: a bundle. Their job files import the source of the SDK, and get the copy in the
 * bundle: `work` and `enqueue` would else load the package twice, the second time file by file.
 */

/** URLs that the bundler puts in. */
declare const sdkSource: string
declare const sdkOfBundle: string

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const found = nextResolve(specifier, context)
    return found.url === sdkSource ? { ...found, url: sdkOfBundle, format: 'module' } : found
  },
})
await import('../../../runtime/cli/main.ts')
