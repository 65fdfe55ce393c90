/** The desktop window through Playwright's `_electron`, with the native dialogs answered by the test. */
import { join, resolve } from 'node:path'
import { _electron } from '@playwright/test'
import { electronBinary } from '../../src-main/hosts/electron-binary.mjs'
import type { Door, StartOptions } from './fixtures.ts'

const root = resolve(import.meta.dirname, '../..')

/** Why the desktop window cannot be tested here, or null. */
export function desktopMissing(): string | null {
  if (electronBinary(root) === null) return 'Electron’s binary is not installed'
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    return 'there is no display'
  return null
}

export async function startDesktop({ environment, colorScheme, width }: StartOptions): Promise<Door> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  const app = await _electron.launch({
    executablePath: electronBinary(root) ?? '',
    args: [join(root, 'out/main/electron.js'), ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: { ...Object.fromEntries(inherited), ...environment },
    colorScheme,
  })
  const page = await app.firstWindow()
  await app.evaluate(({ BrowserWindow }, contentWidth) => {
    for (const window of BrowserWindow.getAllWindows()) window.setContentSize(contentWidth, 860)
  }, width)

  return {
    page,
    async choose(path, ask) {
      await app.evaluate(({ dialog }, chosen) => {
        dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
      }, path)
      await ask()
    },
    close: () => app.close(),
  }
}
