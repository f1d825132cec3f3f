/**
 * Returns which permission the user lacks and what to grant, to follow the server's address. Parses the messages of servers
 * from Redis 6.2 and Valkey 7.2 on. Inside a script, Redis before 7.2 names no command.
 */
export function missingPermission(message: string, namespace: string): string {
  const whole =
    'the rules of docs/redis.md, for users that act and for users that only read, have all that is needed'
  if (/channel/.test(message))
    return `this user may not use the channels of namespace '${namespace}'; grant &{${namespace}}:*; ${whole}`
  if (/\bkeys?\b/.test(message))
    return `this user may not do this with the keys of namespace '${namespace}'; grant ~{${namespace}}:*, or %R~{${namespace}}:* to read only; ${whole}`
  const [, name] = /'([^' ]+)' command/.exec(message) ?? []
  const [may, grant] =
    name === undefined
      ? ['a command that this takes', 'the commands of the rule']
      : [`the command '${name}'`, `+${name}`]
  return `this user may not run ${may}; grant ${grant}; ${whole}`
}

/**
 * Names the command that a script was refused: the server gives only the line. Returns the error itself if it says
 * enough, or if the line does not help.
 */
export function namingCommand(error: Error, source: string): Error {
  const [, line] = /executing the script can't run .*@user_script:(\d+)/.exec(error.message) ?? []
  if (line === undefined) return error
  const text = source.split('\n')[Number(line) - 1] ?? ''
  const [, command] = /redis\.p?call\(['"]([A-Z]+)['"]/.exec(text) ?? []
  if (command === undefined) return error
  return new Error(`NOPERM this user has no permissions to run the '${command.toLowerCase()}' command`, {
    cause: error,
  })
}
