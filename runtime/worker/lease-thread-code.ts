/** The location of the lease thread's code. */
export type LeaseThreadCode =
  | { readonly kind: 'file'; readonly url: URL }
  | { readonly kind: 'text'; readonly text: string }

/**
 * In the sources, the file beside this one. `npm run build` replaces this module by one that holds the code as text,
 * with all it imports (scripts/embed-lease-thread.ts): a bundler moves this module and leaves files beside it behind.
 */
export const leaseThreadCode: LeaseThreadCode = {
  kind: 'file',
  url: new URL('./lease-thread.ts', import.meta.url),
}
