/**
 * Starts the real app for a test, with a data folder of its own, through one of its two doors: the web host in
 * Debian's Chromium, or the desktop window. Specs are written once; what differs between the doors is in here.
 */
import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect, type Page } from '@playwright/test'
import { startDesktop, desktopMissing } from './start-desktop.ts'
import { startWeb } from './start-web.ts'

export { expect }

export interface LaunchOptions {
  host: 'web' | 'electron'
}

/** One running app with its one window. */
export interface Door {
  readonly page: Page
  /** Answers the next question for files with this path: in the native dialog, or in the window's own chooser. */
  choose(path: string, ask: () => Promise<void>): Promise<void>
  close(): Promise<void>
}

export interface StartOptions {
  readonly environment: Readonly<Record<string, string>>
  readonly colorScheme: 'light' | 'dark'
  readonly width: number
}

export class App {
  /** A folder for the test's own files; removed afterwards. */
  readonly folder: string
  readonly #start: (options: StartOptions) => Promise<Door>
  #door: Door | null = null
  /** What the window's console reported as errors: a test fails on them. */
  readonly complaints: string[] = []

  constructor(folder: string, start: (options: StartOptions) => Promise<Door>) {
    this.folder = folder
    this.#start = start
  }

  get door(): Door {
    if (this.#door === null) throw new Error('The app is not running: call open() first.')
    return this.#door
  }

  async open(looks: { colorScheme?: 'light' | 'dark'; width?: number } = {}): Promise<Page> {
    const environment = {
      STACKROOM_DATA: join(this.folder, 'data'),
      STACKROOM_HOME: join(this.folder, 'home'),
    }
    this.#door = await this.#start({
      environment,
      colorScheme: looks.colorScheme ?? 'light',
      width: looks.width ?? 1400,
    })
    const { page } = this.#door
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    await expect(page.locator('.knowledge-base-view, .empty-library')).toBeVisible()
    return page
  }

  async close(): Promise<void> {
    await this.#door?.close()
    this.#door = null
  }
}

interface Fixtures extends LaunchOptions {
  app: App
}

export const test = base.extend<Fixtures>({
  host: ['web', { option: true }],
  app: async ({ host }, use, testInfo) => {
    const missing = host === 'electron' ? desktopMissing() : null
    testInfo.skip(missing !== null, missing ?? '')
    const folder = await mkdtemp(join(tmpdir(), 'stackroom-e2e-'))
    await mkdir(join(folder, 'home'))
    const app = new App(folder, host === 'electron' ? startDesktop : startWeb)
    try {
      await use(app)
      expect(app.complaints).toEqual([])
    } finally {
      await app.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  },
})
