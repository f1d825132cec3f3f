const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const

/**
 * Keeps libraries from writing over the screen: it shows problems of the store in our words. Returns a function that
 * restores them.
 */
export function quietConsole(): () => void {
  const loud = methods.map((method) => [method, console[method]] as const)
  const warned = process.listeners('warning')
  for (const method of methods) console[method] = () => undefined
  process.removeAllListeners('warning')
  return () => {
    for (const [method, original] of loud) console[method] = original
    for (const listener of warned) process.on('warning', listener)
  }
}
