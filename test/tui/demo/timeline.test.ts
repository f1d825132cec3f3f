import { expect, test } from 'vitest'
import { Timeline } from '../../../tui/demo/past/timeline.ts'

test('events happen in the order of their times, whatever the order of insertion', async () => {
  const timeline = new Timeline(0)
  const seen: [string, number][] = []
  const times = [70, 10, 40, 90, 20, 60, 30, 80, 50]
  for (const time of times) timeline.at(time, () => void seen.push([String(time), timeline.now]))
  await timeline.playUntil(90)
  const happened = [...times].filter((time) => time < 90).sort((a, b) => a - b)
  expect(seen).toEqual(happened.map((time) => [String(time), time]))
  expect(timeline.now).toBe(90)
})

test('an event can add events at its own instant; an event in the past happens now', async () => {
  const timeline = new Timeline(0)
  const seen: string[] = []
  timeline.at(10, async () => {
    seen.push('first')
    timeline.at(10, () => void seen.push(`third at ${timeline.now}`))
    timeline.at(3, () => void seen.push(`fourth at ${timeline.now}`))
  })
  timeline.at(10, () => void seen.push('second'))
  timeline.at(11, () => void seen.push('last'))
  await timeline.playUntil(20)
  expect(seen).toEqual(['first', 'second', 'third at 10', 'fourth at 10', 'last'])
})
