/** What the web host can do on a machine with a display: open files with their programs. It has no native dialogs. */
import { dirname } from 'node:path'
import { stat } from 'node:fs/promises'
import open from 'open'
import type { HostServices } from '#app/host-services.ts'
import { openAtPlace } from '#platform/open-at-place.ts'

export function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

export function desktopServices(): HostServices {
  if (!hasDisplay()) return { host: 'web' }
  return {
    host: 'web',
    openFile: async (path, place) => {
      if (!(await openAtPlace(path, place))) await open(path)
    },
    reveal: (path) => {
      void stat(path)
        .then((stats) => open(stats.isDirectory() ? path : dirname(path)))
        .catch(() => undefined)
    },
  }
}
