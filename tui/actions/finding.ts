import { mutedText, unmutedText } from '../../runtime/describe/action-result.ts'
import { byInSentence } from '../../runtime/describe/manual-action.ts'
import { type Duration, parseDuration } from '../../runtime/model/duration.ts'
import { maxMuteMs } from '../../runtime/store/mutes.ts'
import { type Action, impossible, ready } from './action.ts'
import { checkTime } from './limiter.ts'

const defaultMute = '1h'

export const mute: Action<'finding'> = {
  command: 'mute',
  on: ['finding'],
  tier: 2,
  plan: async (jobs, { target }) => {
    const before = (await jobs.inspector.mutes()).find(({ finding }) => finding === target.id)
    return ready(
      { ...target, expected: before === undefined ? {} : { until: before.until } },
      [
        { text: 'attention would hide it for all users; its cause stays' },
        ...(before === undefined
          ? []
          : [
              {
                text: `already muted until ${new Date(before.until).toISOString()} by ${byInSentence(before)}`,
              },
            ]),
      ],
      { fields: [{ name: 'for', label: 'for', value: defaultMute, check: checkMuteTime }] },
    )
  },
  words: ({ id }, { values: { for: time = defaultMute } }) => ['attention', 'mute', id, '--for', time],
  carryOut: async (jobs, { target: { id, expected }, choice: { values }, write }) => {
    const time = (values.for ?? defaultMute) as Duration
    return mutedText(id, await jobs.muteFinding(id, { for: time, ...write, expected }))
  },
}

export const unmute: Action<'finding'> = {
  command: 'unmute',
  on: ['finding'],
  tier: 1,
  refusal: ({ muted }) => (muted ? undefined : 'it is not muted'),
  plan: async (jobs, { target }) => {
    const before = (await jobs.inspector.mutes()).find(({ finding }) => finding === target.id)
    if (before === undefined) return impossible('it is not muted')
    return ready({ ...target, expected: { until: before.until } }, [
      { text: `muted until ${new Date(before.until).toISOString()} by ${byInSentence(before)}` },
    ])
  },
  words: ({ id }) => ['attention', 'unmute', id],
  carryOut: async (jobs, { target: { id, expected }, write }) =>
    unmutedText(id, await jobs.unmuteFinding(id, { ...write, expected })),
}

function checkMuteTime(text: string): string | undefined {
  const problem = checkTime(text)
  if (problem !== undefined) return problem
  const ms = parseDuration(text, 'for')
  return ms >= 1 && ms <= maxMuteMs ? undefined : 'a finding is muted for at most 30 days'
}
