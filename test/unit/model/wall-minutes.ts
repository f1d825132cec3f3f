interface Minute {
  readonly at: number
  /** Minutes since 1970 as the clocks there show them. */
  readonly local: number
}

const minuteMs = 60_000
const minutesOfDay = 24 * 60

/** The clocks of a zone at each real minute, read one by one: the slow reference for ticks. */
export function wallMinutes(
  zone: string,
  start: number,
  end: number,
): { ticks(minutes: readonly number[] | 'all', hours: readonly number[] | 'all'): number[] } {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const shown: Minute[] = []
  for (let at = start - minutesOfDay * minuteMs; at < end; at += minuteMs) {
    shown.push({ at, local: Date.parse(`${format.format(at).replace(' ', 'T')}Z`) / minuteMs })
  }
  return {
    ticks: (minutes, hours) => {
      const matches = (local: number): boolean =>
        (minutes === 'all' || minutes.includes(local % 60)) &&
        (hours === 'all' || hours.includes(Math.floor((local % minutesOfDay) / 60)))
      const found =
        hours === 'all' ? shown.filter(({ local }) => matches(local)) : oncePerLocalTime(shown, matches)
      return found.map(({ at }) => at).filter((at) => at >= start)
    },
  }
}

/** Each local time the first time it is shown, or passed over. */
function oncePerLocalTime(shown: readonly Minute[], matches: (local: number) => boolean): Minute[] {
  const found: Minute[] = []
  let passed = (shown[0]?.local ?? 0) - 1
  for (const minute of shown) {
    let due = false
    for (let local = passed + 1; local <= minute.local; local++) due ||= matches(local)
    passed = Math.max(passed, minute.local)
    if (due) found.push(minute)
  }
  return found
}
