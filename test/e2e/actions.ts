/** What a user does, in one word each. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, type App } from './fixtures.ts'

/** Writes files below the test's folder; the result is the folder's path. */
export async function writeFolder(
  app: App,
  name: string,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<string> {
  const folder = join(app.folder, name)
  await mkdir(folder, { recursive: true })
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

export async function chooseSources(app: App, path: string): Promise<void> {
  const { page } = app.door
  await app.door.choose(path, () => page.getByRole('button', { name: 'New knowledge base…' }).click())
}

export async function openStorageFolder(app: App, path: string): Promise<void> {
  const { page } = app.door
  await app.door.choose(path, () => page.getByRole('button', { name: 'Open storage folder…' }).click())
}

/** Chooses a folder, accepts what is proposed, and starts. */
export async function startIndexing(app: App, path: string): Promise<void> {
  await chooseSources(app, path)
  await app.door.page.getByRole('button', { name: /^Index \d/ }).click()
}

export async function indexFolder(app: App, path: string): Promise<void> {
  await startIndexing(app, path)
  await expect(job(app.door.page)).toContainText(/Indexed \d/, { timeout: 45_000 })
}

export function job(page: Page) {
  return page.getByRole('region', { name: 'Indexing' })
}

export function searchBox(page: Page) {
  return page.getByRole('combobox', { name: /^Search / })
}

export function results(page: Page) {
  return page.getByRole('listbox', { name: 'Results' }).getByRole('option')
}

/** Drops real files or folders of this machine onto the window, at a place of it. */
export async function drop(page: Page, paths: readonly string[], at = { x: 400, y: 400 }): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  const data = { items: [], files: [...paths], dragOperationsMask: 1 }
  await devtools.send('Input.dispatchDragEvent', { type: 'dragEnter', ...at, data })
  await expect(page.locator('.drop-zone')).toBeVisible()
  await devtools.send('Input.dispatchDragEvent', { type: 'dragOver', ...at, data })
  await devtools.send('Input.dispatchDragEvent', { type: 'drop', ...at, data })
  await devtools.detach()
}

/** Nothing that axe finds, and nothing that sticks out, once what moves has come to rest. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity)
        .map(({ finished }) => finished),
    ).then(() => undefined),
  )
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(overflow).toBeLessThanOrEqual(0)
}

/** Some notes about different things, so that a search by meaning has something to tell apart. */
export const notes: Readonly<Record<string, string>> = {
  'sea/lighthouse.txt':
    'The keeper lights the lamp at dusk. Its beam is seen twenty miles out at sea, and ships steer by it.\n',
  'sea/tides.md': '# Tides\n\nThe pull of the moon raises the sea twice a day.\n',
  'kitchen/bread.txt':
    'Mix flour, water, salt and yeast, let the dough rise until it has doubled, and bake the loaf in a hot oven.\n',
  'garden/bees.html':
    '<html><body><h1>Bees</h1><p>A scout that found flowers dances on the comb; the dance tells the colony where they are.</p></body></html>',
}
