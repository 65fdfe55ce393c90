import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Page } from '@playwright/test'
import {
  engineCache,
  fillCollection,
  recordsIn,
  type PlainRecord,
} from '../integration/chroma-collections.ts'
import { chromaFixtures, fingerprint, hnswFile, zeroPage } from '../integration/chroma-damage.ts'
import {
  chooseSources,
  drop,
  expectAccessible,
  job,
  notes,
  openStorageFolder,
  results,
  searchBox,
  writeFolder,
} from './actions.ts'
import { expect, test, type App } from './fixtures.ts'

const shelf: readonly PlainRecord[] = [
  {
    id: 'lamp',
    document: 'The keeper lights the lamp at dusk, and ships steer by it.',
    metadata: { source: '/home/ada/lighthouse.txt', page: 1 },
  },
  {
    id: 'bread',
    document: 'Let the dough rise until it has doubled, and bake the loaf in a hot oven.',
    metadata: { source: '/home/ada/bread.txt', page: 1 },
  },
]
const mail: readonly PlainRecord[] = [
  { id: 'letter', document: 'Dear Ada, the bees came back in April.', metadata: { from: 'Grace' } },
]

async function chromaFolder(app: App, ...names: string[]): Promise<string> {
  const folder = join(app.folder, 'chroma of ada')
  for (const name of names) await fillCollection(folder, name, name === 'mail' ? mail : shelf, 'default')
  return folder
}

async function fixture(app: App, version: string): Promise<string> {
  const folder = join(app.folder, `chroma ${version}`)
  await cp(join(chromaFixtures, version, 'chroma'), folder, { recursive: true })
  return folder
}

/** Everything in it that is not Stackroom's own. */
function chromaFiles(folder: string): string[] {
  return fingerprint(folder).filter((file) => !file.includes('.stackroom'))
}

const facts = (page: Page) => page.getByRole('list', { name: 'About this knowledge base' })
const library = (page: Page) => page.getByRole('navigation', { name: 'Knowledge bases' })

test('the only collection of a Chroma folder opens at once, with its model, and is searched', async ({
  app,
}) => {
  const folder = await chromaFolder(app, 'shelf')
  const page = await app.open()
  await openStorageFolder(app, folder)
  await expect(page.getByRole('heading', { level: 1, name: 'shelf' })).toBeVisible()
  await expect(facts(page)).toContainText('Chroma collection shelf')
  await expect(facts(page)).toContainText('chroma of ada')
  await expect(facts(page)).toContainText('2 nodes')
  await expect(facts(page)).toContainText('Verified: all-MiniLM-L6-v2')
  await expect(library(page)).toContainText('Chroma')
  await searchBox(page).fill('a light for ships at night')
  await expect(results(page).first()).toContainText('The keeper lights the lamp')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('complementary', { name: 'Source' })).toContainText(
    'The keeper lights the lamp',
  )
  await expectAccessible(page)
})

for (const [colorScheme, width] of [
  ['light', 1400],
  ['dark', 700],
] as const) {
  test(`of several collections one or more are picked, ${colorScheme} and ${width} pixels wide`, async ({
    app,
  }) => {
    const folder = await chromaFolder(app, 'shelf', 'mail')
    const page = await app.open({ colorScheme, width })
    await drop(page, [folder])
    const dialog = page.getByRole('dialog', { name: /^Chroma folder/ })
    const row = (name: string) => dialog.getByRole('checkbox', { name: new RegExp(`^${name}`) })
    await expect(row('shelf')).toBeVisible()
    const list = dialog.getByRole('group', { name: 'Collections' })
    await expect(list).toContainText('2 records · 384 dimensions · squared L2')
    await expect(list).toContainText('Embedded with Chroma’s default, all-MiniLM-L6-v2')
    await expect(dialog.getByRole('button', { name: 'Open collection' })).toBeDisabled()
    await expectAccessible(page)

    // by keyboard: the first row has the focus
    await expect(dialog.getByRole('checkbox').first()).toBeFocused()
    await page.keyboard.press('Space')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await expect(dialog.getByRole('button', { name: 'Open 2 collections' })).toBeEnabled()
    await expectAccessible(page)
    await page.keyboard.press('Enter')
    await expect(dialog).toBeHidden()
    await expect(searchBox(page)).toBeVisible()
    if (width < 900) await page.getByRole('button', { name: 'Library' }).click()
    await expect(library(page).getByRole('button')).toHaveCount(2)
    await library(page).getByRole('button', { name: /mail/ }).click()
    await searchBox(page).fill('insects in spring')
    await expect(results(page).first()).toContainText('the bees came back')
  })
}

test('a collection that is in the library is marked, and another one is opened beside it', async ({
  app,
}) => {
  const folder = await chromaFolder(app, 'shelf', 'mail')
  const page = await app.open()
  for (const name of ['shelf', 'mail']) {
    await openStorageFolder(app, folder)
    const dialog = page.getByRole('dialog', { name: /^Chroma folder/ })
    await dialog.getByRole('checkbox', { name: new RegExp(`^${name}`) }).check()
    if (name === 'mail') await expect(dialog.getByText('In your library')).toHaveCount(1)
    await dialog.getByRole('button', { name: 'Open collection' }).click()
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  }
})

test('the chooser tells Chroma folders from others', async ({ app, host }) => {
  test.skip(host === 'electron', 'The desktop has the system’s dialog.')
  const folder = await fixture(app, '1.5.9')
  const page = await app.open()
  await page.getByRole('button', { name: 'Open storage folder…' }).click()
  const chooser = page.getByRole('dialog')
  await chooser.getByRole('button', { name: 'Type a path' }).click()
  await chooser.getByRole('textbox', { name: 'Path of a folder' }).fill(app.folder)
  await page.keyboard.press('Enter')
  const entry = chooser.getByRole('option', { name: /chroma 1\.5\.9/ })
  await expect(entry).toContainText('Chroma folder')
  await entry.dblclick()
  await expect(page.getByRole('dialog', { name: /^Chroma folder/ })).toContainText('44 records')
  expect(existsSync(join(folder, '.stackroom'))).toBe(false)
})

test('a folder of an older Chroma is brought up to date only when asked to, after a backup', async ({
  app,
}) => {
  const folder = await fixture(app, '0.5.23')
  const before = fingerprint(folder)
  const page = await app.open()
  await openStorageFolder(app, folder)
  const dialog = page.getByRole('dialog', { name: /^Chroma folder/ })
  const backups = join('.stackroom', 'chroma', 'backups')
  await expect(dialog).toContainText('older versions cannot read it afterwards')
  await expect(dialog).toContainText(backups)
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  expect(fingerprint(folder)).toEqual(before)

  await openStorageFolder(app, folder)
  await dialog.getByRole('checkbox', { name: /^notes/ }).check()
  await dialog.getByRole('button', { name: 'Back up and open collection' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'notes' })).toBeVisible()
  // its vectors have eight numbers: no model at hand makes such
  await expect(page.getByRole('alert')).toContainText('8')
  const [backup = ''] = readdirSync(join(folder, backups))
  expect(existsSync(join(folder, backups, backup, 'chroma.sqlite3'))).toBe(true)
})

test('a folder that another program has open says which, and opens when it was closed', async ({ app }) => {
  const folder = await chromaFolder(app, 'shelf')
  const owner = spawn(
    process.execPath,
    [resolve(import.meta.dirname, '../integration/chroma-owner.ts'), folder, 'wait', engineCache],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FORCE_COLOR: '0' } },
  )
  const exited = once(owner, 'exit')
  try {
    const [engine] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string]
    const page = await app.open()
    await openStorageFolder(app, folder)
    const dialog = page.getByRole('dialog', { name: 'In use by another program' })
    await expect(dialog).toContainText(`process ${engine}`)
    await expectAccessible(page)
    owner.kill('SIGTERM')
    await exited
    // the engine ends a moment after its owner
    await expect(async () => {
      await dialog.getByRole('button', { name: 'Look again' }).click({ timeout: 5000 })
      await expect(page.getByRole('heading', { level: 1, name: 'shelf' })).toBeVisible({ timeout: 10_000 })
    }).toPass()
    await searchBox(page).fill('baking')
    await expect(results(page).first()).toContainText('dough')
  } finally {
    owner.kill('SIGKILL')
  }
})

test('a damaged Chroma folder leads to its check; what was saved of it is opened', async ({ app }) => {
  const folder = await fixture(app, '1.5.9')
  zeroPage(folder, 1)
  const before = chromaFiles(folder)
  const page = await app.open()
  await openStorageFolder(app, folder)
  const trouble = page.getByRole('dialog', { name: 'This folder is damaged' })
  await expect(trouble).toContainText('chroma.sqlite3')
  await expectAccessible(page)
  await trouble.getByRole('button', { name: 'Check this folder…' }).click()
  const check = page.getByRole('dialog', { name: 'Check of “chroma 1.5.9”' })
  await check.getByRole('button', { name: 'Repair…' }).click()
  const question = page.getByRole('dialog', { name: 'Save what can be read?' })
  await expect(question).toContainText(`${folder}-saved`)
  await expectAccessible(page)
  await question.getByRole('button', { name: 'Save what can be read' }).click()
  await expect(check).toContainText(`What could be saved is in ${folder}-saved`)
  await expect(check.getByRole('button', { name: 'Repair…' })).toBeHidden()
  await expectAccessible(page)
  expect(chromaFiles(folder)).toEqual(before)
  await check.getByRole('button', { name: 'Open what was saved' }).click()
  await expect(page.getByRole('dialog', { name: /^Chroma folder/ })).toContainText('44 records')
})

test('a collection whose index file is broken is checked and repaired from its menu', async ({ app }) => {
  const folder = await fixture(app, '1.5.9')
  const page = await app.open()
  await openStorageFolder(app, folder)
  const dialog = page.getByRole('dialog', { name: /^Chroma folder/ })
  await dialog.getByRole('checkbox', { name: /^notes/ }).check()
  await dialog.getByRole('button', { name: 'Open collection' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'notes' })).toBeVisible()
  await app.close()
  rmSync(hnswFile(folder, 'link_lists.bin'))

  const again = await app.open()
  await again.getByRole('button', { name: 'More about this knowledge base' }).click()
  await again.getByRole('menuitem', { name: 'Check this folder…' }).click()
  const check = again.getByRole('dialog', { name: 'Check of “chroma 1.5.9”' })
  await expect(check).toContainText('link_lists.bin')
  await check.getByRole('button', { name: 'Repair…' }).click()
  const question = again.getByRole('dialog', { name: 'Repair this folder?' })
  await expect(question).toContainText(join('.stackroom', 'chroma', 'backups'))
  await expect(question).toContainText('set aside, never deleted')
  await question.getByRole('button', { name: 'Back up and repair' }).click()
  await expect(check).toContainText(/44 of 44 vectors/)
  await expect(check).toContainText('Everything fits together')
  await expectAccessible(again)
})

test('files are indexed into a collection of a new Chroma folder, and more are added to it', async ({
  app,
}) => {
  const page = await app.open()
  const { 'kitchen/bread.txt': bread = '', ...others } = notes
  await chooseSources(app, await writeFolder(app, 'notes', others))
  const form = page.getByRole('dialog', { name: 'New knowledge base' })
  await form.getByText('Where the vectors go').click()
  await expect(form.getByRole('radio', { name: 'Storage folder' })).toBeChecked()
  await form.getByRole('radio', { name: 'Chroma collection' }).check()
  const folder = join(app.folder, 'vectors')
  await form.getByRole('textbox', { name: 'Chroma folder or server' }).fill(folder)
  const collection = form.getByRole('textbox', { name: 'Collection' })
  await collection.fill('a')
  await expect(form.getByRole('button', { name: 'Index 3 files' })).toBeDisabled()
  await collection.fill('my-notes')
  await form.getByRole('combobox', { name: 'Metric' }).selectOption('Cosine')
  await expectAccessible(page)
  const storage = await form.getByRole('textbox', { name: 'Storage folder' }).inputValue()
  await form.getByRole('button', { name: 'Index 3 files' }).click()
  await expect(job(page)).toContainText('Indexed 3 documents')
  await expect(facts(page)).toContainText('Vectors in Chroma collection my-notes')
  await searchBox(page).fill('a light for ships at night')
  await expect(results(page).first()).toContainText('lighthouse.txt')
  expect(JSON.parse(await readFile(join(storage, 'stackroom.json'), 'utf8'))).toMatchObject({
    vectorStore: { kind: 'chroma', collection: 'my-notes', metric: 'cosine' },
  })

  const more = await writeFolder(app, 'more', { 'bread.txt': bread })
  await app.door.choose(more, () => page.getByRole('button', { name: 'Add files…' }).click())
  await page.getByRole('button', { name: 'Index 1 file' }).click()
  await expect(facts(page)).toContainText('4 documents')
  await searchBox(page).fill('baking')
  await expect(results(page).first()).toContainText('bread.txt')
  await app.close()
  expect((await recordsIn(folder, 'my-notes')).ids).toHaveLength(4)
})

test('files are added to a collection that another program made', async ({ app }) => {
  const folder = await chromaFolder(app, 'shelf')
  const page = await app.open()
  await openStorageFolder(app, folder)
  await expect(page.getByRole('heading', { level: 1, name: 'shelf' })).toBeVisible()
  const files = await writeFolder(app, 'tides', {
    'tides.txt': 'The pull of the moon raises the sea twice a day.\n',
  })
  await app.door.choose(files, () => page.getByRole('button', { name: 'Add files…' }).click())
  await page.getByRole('button', { name: 'Index 1 file' }).click()
  await expect(job(page)).toContainText('Indexed 1 document')
  await searchBox(page).fill('the moon and the sea')
  await expect(results(page).first()).toContainText('tides.txt')
  await app.close()
  expect((await recordsIn(folder, 'shelf')).ids).toHaveLength(3)
})
