/** Warnings of Node about features that this package or a job file uses on purpose. Users can't act on them. */
const quiet: readonly ((warning: Error & { code?: unknown }) => boolean)[] = [
  (warning) => warning.name === 'ExperimentalWarning',
  (warning) => warning.code === 'MODULE_TYPELESS_PACKAGE_JSON',
]

/** Keeps Node's own warnings off the screen; those about job code, such as a leak of listeners, still appear. */
export function quietNodeWarnings(): void {
  const listeners = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (quiet.some((matches) => matches(warning))) return
    for (const listener of listeners) listener.call(process, warning)
  })
}
