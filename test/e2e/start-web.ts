/** The web host as a child process, and Debian's Chromium on its page. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { resolve } from 'node:path'
import { chromium, expect } from '@playwright/test'
import type { Door, StartOptions } from './fixtures.ts'

const entry = resolve(import.meta.dirname, '../../src-main/hosts/cli/main.ts')

const browserArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function startWeb({ environment, colorScheme, width }: StartOptions): Promise<Door> {
  const host = spawn(process.execPath, [entry, 'serve', '--port', '0'], {
    // without a display the host opens no browser of the user's
    env: { ...process.env, ...environment, DISPLAY: '', WAYLAND_DISPLAY: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const address = await addressPrintedBy(host)
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: browserArguments,
  })
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 860 } })
  const page = await context.newPage()
  await page.goto(address)

  return {
    page,
    async choose(path, ask) {
      await ask()
      const chooser = page.getByRole('dialog').last()
      await chooser.getByRole('button', { name: 'Type a path' }).click()
      await chooser.getByRole('textbox', { name: 'Path of a folder' }).fill(path)
      await page.keyboard.press('Enter')
      // the path of a file is a choice by itself
      if ((await stat(path)).isFile()) return
      const name = path.split('/').at(-1) ?? ''
      const button = chooser.getByRole('button', { name: new RegExp(`^(Choose|Open) “${escape(name)}”$`) })
      await expect(button).toBeEnabled()
      await button.click()
    },
    async close() {
      await browser.close()
      const ended = host.exitCode === null ? once(host, 'exit') : Promise.resolve()
      host.kill('SIGTERM')
      await ended
    },
  }
}

async function addressPrintedBy(host: ChildProcess): Promise<string> {
  if (host.stdout === null) throw new Error('The host has no stdout.')
  for await (const line of createInterface({ input: host.stdout })) {
    const address = /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(line)
    if (address === null) continue
    // what it prints later must not fill the pipe
    host.stdout.resume()
    return address[0]
  }
  throw new Error('The web host ended without printing its address.')
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
