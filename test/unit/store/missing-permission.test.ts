import { describe, expect, test } from 'vitest'
import { missingPermission, namingCommand } from '../../../runtime/store/redis/missing-permission.ts'

/** Messages of servers, from Redis 6.2 on. */
const refusals = [
  ["NOPERM this user has no permissions to run the 'hset' command or its subcommand", 'hset'],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'evalsha'],
  ["NOPERM User viewer has no permissions to run the 'client|id' command", 'client|id'],
  [
    "ERR ACL failure in script: User viewer has no permissions to run the 'hset' command script: 1, on @user_script:1.",
    'hset',
  ],
] as const

describe('the permission that an ACL denied', () => {
  test.each(refusals)('%s', (message, command) => {
    expect(missingPermission(message, 'billing')).toMatch(
      `this user may not run the command '${command}'; grant +${command}; the rules of docs/redis.md`,
    )
  })

  test.each([
    'NOPERM this user has no permissions to access one of the keys used as arguments',
    'NOPERM No permissions to access a key',
    "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments script: 1, on @user_script:3.",
  ])('%s', (message) => {
    expect(missingPermission(message, 'billing')).toMatch(
      /grant ~\{billing\}:\*, or %R~\{billing\}:\* to read only/,
    )
  })

  test.each([
    'NOPERM this user has no permissions to access one of the channels used as arguments',
    'NOPERM No permissions to access a channel',
    "ERR The user executing the script can't publish to the channel mentioned in the command script: 1, on @user_script:3.",
  ])('%s', (message) => {
    expect(missingPermission(message, 'billing')).toMatch(/may not use the channels .* grant &\{billing\}:\*/)
  })
})

describe('a command that a script was denied', () => {
  const source =
    "local x = 1\nredis.call('HSET', KEYS[1], 'a', 1)\nfor i = 1, 2 do redis.call(command, key) end"
  const refusal = (line: number): Error =>
    new Error(
      `ERR The user executing the script can't run this command or subcommand script: 1, on @user_script:${line}.`,
    )

  test('is named by its line', () => {
    expect(namingCommand(refusal(2), source).message).toMatch(/to run the 'hset' command$/)
  })

  test('has no name if the line does not show it', () => {
    for (const error of [refusal(3), refusal(9), new Error('OOM')])
      expect(namingCommand(error, source)).toBe(error)
    expect(missingPermission(refusal(3).message, 'billing')).toMatch(
      /may not run a command that this takes; grant the commands of the rule/,
    )
  })
})
