import { type Instance, render } from 'ink'
import { endsWithin, systemClock } from '../runtime/model/clock.ts'
import { actionVerbs } from './actions/verbs.ts'
import { App } from './app/app.ts'
import type { AppState, Environment } from './app/app-state.ts'
import type { AppDeps } from './app/deps.ts'
import type { Target } from './app/place.ts'
import { shownPlace } from './app/places.ts'
import { requestKey, requestOf, shownScreen } from './app/shown.ts'
import { beginState } from './begin-state.ts'
import { Fleet } from './fleet/fleet.ts'
import { ScreenReader } from './fleet/screen-reader.ts'
import { AppView } from './kit/app-view.tsx'
import { screens } from './screens/screens.ts'
import type { Source } from './source.ts'
import { EffectRunner } from './terminal/effect-runner.ts'
import { takeFullScreen } from './terminal/full-screen.ts'
import { giveBack, type HowItEnded } from './terminal/give-back.ts'
import { quietConsole } from './terminal/quiet-console.ts'
import { Suspension } from './terminal/suspension.ts'
import { wipe } from './terminal/wipe.ts'

export interface ScreenOptions {
  readonly environment: Environment
  readonly target: Target
  readonly source: Source
}

/** How long the end waits for connections and programs to close. */
const patienceMs = 500

const deps: AppDeps = { screens, verbs: actionVerbs() }

/** Shows the screen until the user or a signal ends it. Resolves to the exit code; the terminal is restored. */
export async function runScreen({ environment, target, source }: ScreenOptions): Promise<number> {
  const { stdout } = process
  const clock = systemClock
  const size = { columns: stdout.columns, rows: stdout.rows }
  const suspension = new Suspension({ stdin: process.stdin, stdout, soon: (run) => clock.soon(run) })
  const runner = new EffectRunner({ suspension, stdout, jobs: () => fleet.jobs })
  const app = new App(beginState(environment, target, size, clock.now()), {
    ...{ ...deps, clock },
    carryOut: (effect) => runner.carryOut(effect),
    changed: (state) => {
      want(reader, state)
      const { mode } = state
      if (mode.kind === 'dialog' && !mode.painted) void whenPainted(instance, app, mode.dialog.stage)
    },
  })
  const fleet = new Fleet({
    ...{ clock, connect: () => source.connect() },
    publish: (view) => app.dispatch({ kind: 'fleet', fleet: view }),
  })
  const reader = new ScreenReader({
    ...{ clock, jobs: () => fleet.jobs },
    report: ({ place, key: request }, outcome) => app.dispatch({ kind: 'data', place, request, outcome }),
  })
  // Before ink does it: typed keys must not be echoed into the first frame, which begins at the top.
  process.stdin.setRawMode(true)
  takeFullScreen(stdout)
  const instance = render(<AppView app={app} deps={deps} suspension={suspension} />, {
    ...{ alternateScreen: true, incrementalRendering: true, maxFps: 30 },
    ...{ exitOnCtrlC: false, patchConsole: false, interactive: true },
  })
  const speakAgain = quietConsole()
  const ended = giveBack(instance, suspension)
  const paintAnew = async (): Promise<void> => {
    // Ink's paint of the old frame comes before, not after the new one.
    await instance.waitUntilRenderFlush()
    // Nor is there anything to wipe while another program has the terminal: ink paints all when it is back.
    if (!suspension.isLent) wipe(instance, stdout)
    app.dispatch({ kind: 'resize', size: { columns: stdout.columns, rows: stdout.rows } })
  }
  const resizing = (): void => void paintAnew()
  runner.begin(app, {
    reload: () => [fleet, reader].map((one) => one.reload()),
    repaint: resizing,
    quit: () => ended.end(0),
  })
  stdout.on('resize', resizing)
  want(reader, app.state())
  fleet.start()
  reader.start()
  const how = await ended.done
  speakAgain()
  stdout.off('resize', resizing)
  app.close()
  runner.close()
  // Neither a hanging store nor a pager that stays may keep the terminal's user from the shell.
  await endsWithin(clock, Promise.allSettled([reader.close(), fleet.close(), suspension.over]), patienceMs)
  return exitCode(how)
}

function exitCode(how: HowItEnded): number {
  if (how.kind === 'failed') throw how.error
  return how.code
}

function want(reader: ScreenReader, state: AppState): void {
  const request = requestOf(state, screens)
  const place = shownPlace(state.places).id
  const { read } = shownScreen(state, screens)
  const key = requestKey(request, read)
  const known = state.data.get(place)
  const before = known?.request === key ? known.data : undefined
  reader.want({ place, key, request, read, before })
}

/** A frame that was being painted when the stage began is not its frame: the event names the painted stage. */
async function whenPainted(instance: Instance, app: App, stage: string): Promise<void> {
  await instance.waitUntilRenderFlush()
  app.dispatch({ kind: 'painted', stage })
}
