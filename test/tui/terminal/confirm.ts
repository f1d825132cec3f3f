import type { Frame } from './frame.ts'
import type { Stage } from './stage.ts'

/*
 * A dialog drops keys until its frame has reached the terminal, and a test sees the frame a moment earlier. So each key that
 * counts comes after one that is harmless and shows that keys arrive: pressed as often as it takes.
 */

/** Resolves once the dialog accepts keys, to the equivalent command that it copied. No field may have the focus. */
export async function takesKeys(stage: Stage): Promise<string> {
  const { terminal } = stage
  await terminal.forgetCopied()
  await repeatedly(
    stage,
    () => stage.press('c'),
    async () => (await terminal.copied()) !== '',
  )
  return terminal.copied()
}

/** Confirms. Resolves to the command that does the same. */
export async function confirm(stage: Stage): Promise<string> {
  const command = await takesKeys(stage)
  await stage.press('y')
  return command
}

/** Types a text into the field with this label, which has the keys. */
export async function fill(stage: Stage, label: string, text: string): Promise<void> {
  const line = ` ${label} ${text}`
  await repeatedly(
    stage,
    async () => {
      await stage.press('ctrl-u')
      await stage.type(text)
    },
    // The caret follows it, unless the field has been left.
    ({ body }) => body.some((one) => one === line || one === `${line}_`),
  )
}

/** Presses a key until the dialog shows something: for keys that change nothing more once it does. */
export async function until(stage: Stage, key: string, shown: RegExp): Promise<void> {
  await repeatedly(
    stage,
    () => stage.press(key),
    ({ text }) => shown.test(text),
  )
}

/** A dropped key shows nothing: then the next one follows after this time. */
const retryMs = 20
const tries = 3_000

async function repeatedly(
  stage: Stage,
  press: () => Promise<void>,
  isDone: (frame: Frame) => boolean | Promise<boolean>,
): Promise<void> {
  for (let i = 0; i < tries; i++) {
    await press()
    const frame = await stage.frame()
    if (await isDone(frame)) return
    await stage.terminal.change(retryMs)
  }
  throw new Error(`the dialog takes no keys:\n${(await stage.frame()).text}`)
}
