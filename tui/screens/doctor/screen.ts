import { packageVersion } from '../../../runtime/cli/package-version.ts'
import { alarmCount } from '../../fleet/alarm-count.ts'
import { listLayout, zoomed } from '../../kit/list-layout.ts'
import type { Screen } from '../screen.ts'
import { checkRows, type DoctorData } from './rows.ts'
import { DoctorView } from './view.tsx'

/** The checks of `durable-jobs doctor`. */
export const doctor: Screen<DoctorData> = {
  name: 'doctor',
  title: 'Doctor',
  short: 'Doc',
  panes: ['checks'],
  filterHint: 'part of a check',
  read: {
    everyMs: 10_000,
    // The fast ones first, so that the screen isn't empty.
    load: async ({ inspector }, _request, before) => ({
      checks: await inspector.checks(before === undefined ? 'quick' : 'all'),
      isQuick: before === undefined,
      address: inspector.address,
      version: packageVersion(),
    }),
    isPartial: ({ isQuick }) => isQuick,
  },
  rows: checkRows,
  height: (input) => listLayout(input).listHeight,
  toggles: { zoom: zoomed },
  alarms: (fleet) => alarmCount(fleet, ({ kind }) => kind === 'store-fault'),
  json: ({ data, fleet }) => ({ ...data, connection: fleet.connection }),
  View: DoctorView,
}
