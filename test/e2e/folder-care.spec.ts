import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Page } from '@playwright/test'
import { openStorageFolder as openInEngine } from '#engine/storage/open-storage-folder.ts'
import {
  expectAccessible,
  indexFolder,
  notes,
  openStorageFolder,
  results,
  searchBox,
  writeFolder,
} from './actions.ts'
import { expect, test, type App } from './fixtures.ts'

const pythonStorage = resolve(import.meta.dirname, '../fixtures/python-storage/storage')

async function copyOfStorage(app: App): Promise<string> {
  const folder = join(app.folder, 'from python')
  await cp(pythonStorage, folder, { recursive: true })
  return folder
}

async function chooseFromMenu(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: 'More about this knowledge base' }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

/** Puts a vector into the file that belongs to no node. */
async function addStrayVector(folder: string): Promise<void> {
  const path = join(folder, 'default__vector_store.json')
  const store = JSON.parse(await readFile(path, 'utf8')) as { embedding_dict: Record<string, number[]> }
  store.embedding_dict['stray'] = Object.values(store.embedding_dict)[0]!
  await writeFile(path, JSON.stringify(store))
}

/** As if Stackroom had been closed between the removal of a document and its persist. */
async function removeWithoutPersist(app: App, folder: string): Promise<void> {
  await using storage = await openInEngine({ persistDir: folder, dataFolder: join(app.folder, 'data') })
  const docstore = JSON.parse(await readFile(join(folder, 'docstore.json'), 'utf8')) as Record<string, object>
  const refDocInfo = Object.entries(docstore['docstore/ref_doc_info'] ?? {})
  const violin = refDocInfo.find(([, info]) => JSON.stringify(info).includes('violin.txt'))
  await storage.change({ deleteRefDocIds: [violin![0]] })
}

test('a folder in which everything fits together is checked and says so', async ({ app }) => {
  const page = await app.open()
  await openStorageFolder(app, await copyOfStorage(app))
  await chooseFromMenu(page, 'Check this folder…')
  const dialog = page.getByRole('dialog', { name: 'Check of “from python”' })
  await expect(dialog).toContainText('Everything fits together: 5 documents, 5 nodes, 5 vectors')
  await expect(dialog).toContainText('Verified: all-MiniLM-L6-v2 made these vectors.')
  await expect(dialog).toContainText('5 of 5 nodes come out the same')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(dialog).toBeHidden()
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [700, 1400]) {
    test(`problems are listed and mended after a backup, ${colorScheme} and ${width} pixels wide`, async ({
      app,
    }) => {
      const page = await app.open({ colorScheme, width })
      const folder = await copyOfStorage(app)
      await addStrayVector(folder)
      const before = await readFile(join(folder, 'default__vector_store.json'))
      await openStorageFolder(app, folder)
      await chooseFromMenu(page, 'Check this folder…')
      const dialog = page.getByRole('dialog')
      await expect(dialog).toContainText('The vector of stray has no node')
      await expect(dialog).toContainText('default__vector_store.json · embedding_dict · byte')
      await expectAccessible(page)

      await dialog.getByRole('button', { name: 'Repair…' }).click()
      await expect(dialog).toContainText(join('.stackroom', 'backups'))
      await expectAccessible(page)
      expect((await readFile(join(folder, 'default__vector_store.json'))).equals(before)).toBe(true)

      await dialog.getByRole('button', { name: 'Back up and repair' }).click()
      await expect(dialog).toContainText('Removed 1 vector without a node.')
      await expect(dialog).toContainText('Everything fits together')
      await expectAccessible(page)
      expect(await readFile(join(folder, 'default__vector_store.json'), 'utf8')).not.toContain('stray')
      await dialog.getByRole('button', { name: 'Done' }).click()
      await searchBox(page).fill('how insects tell each other where food is')
      await expect(results(page).first()).toContainText('bees.txt')
    })
  }
}

test('a cut-off folder that cannot be opened is checked and repaired from where it says so', async ({
  app,
}) => {
  const page = await app.open()
  const folder = await copyOfStorage(app)
  await openStorageFolder(app, folder)
  await expect(searchBox(page)).toBeVisible()
  await app.close()
  await rm(join(folder, '.stackroom'), { recursive: true })
  await truncate(join(folder, 'default__vector_store.json'), 20_000)

  const again = await app.open()
  await expect(again.getByRole('alert')).toContainText('default__vector_store.json')
  await again.getByRole('button', { name: 'Check this folder…' }).click()
  const dialog = again.getByRole('dialog')
  await expect(dialog).toContainText('is damaged')
  await dialog.getByRole('button', { name: 'Repair…' }).click()
  await dialog.getByRole('button', { name: 'Back up and repair' }).click()
  await expect(dialog).toContainText(/entries of default__vector_store.json were saved/)
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(searchBox(again)).toBeVisible()
})

test('files that are not up to date come up to date, on a click or by themselves', async ({ app }) => {
  const folder = await copyOfStorage(app)
  await removeWithoutPersist(app, folder)
  const page = await app.open()
  await openStorageFolder(app, folder)
  const facts = page.getByRole('list', { name: 'About this knowledge base' })
  await expect(facts).toContainText('4 documents')
  // The app does it, too, after a while: on a slow machine the button may be gone by now.
  const button = facts.getByRole('button', { name: 'Bring up to date' })
  if (await button.isVisible()) await button.click({ timeout: 5000 }).catch(() => undefined)
  await expect.poll(() => readFile(join(folder, 'docstore.json'), 'utf8')).not.toContain('violin.txt')
  await expect(facts).not.toContainText('up to date')
})

for (const [choice, documents] of [
  ['Keep the other program’s', '5 documents'],
  ['Keep Stackroom’s', '4 documents'],
] as const) {
  test(`when both sides changed, “${choice}” keeps that one and puts the other aside`, async ({ app }) => {
    const folder = await copyOfStorage(app)
    await removeWithoutPersist(app, folder)
    const path = join(folder, 'docstore.json')
    await writeFile(path, (await readFile(path, 'utf8')).replace('at dusk', 'at dawn'))
    const page = await app.open()
    await openStorageFolder(app, folder)
    const notice = page.getByText('Another program changed the files of this folder')
    await expect(notice).toBeVisible()
    await expectAccessible(page)
    await searchBox(page).fill('a light for ships')
    await expect(results(page).first()).toContainText('lighthouse.txt')

    await page.getByRole('button', { name: `${choice}…` }).click()
    await expect(page.getByRole('dialog')).toContainText('.stackroom/backups')
    await expectAccessible(page)
    await page.getByRole('dialog').getByRole('button', { name: choice }).click()
    await expect(notice).toBeHidden()
    await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText(documents)
  })
}

test('a document is removed from the index from beside its text, and its file stays', async ({ app }) => {
  const page = await app.open()
  const folder = await writeFolder(app, 'notes', notes)
  await indexFolder(app, folder)
  await searchBox(page).fill('how do ships find their way at night')
  await expect(results(page).first()).toContainText('lighthouse.txt')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Source' }).getByRole('button', { name: 'Remove…' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('lighthouse.txt')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Remove from the index' }).click()
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('3 documents')
  await expect(results(page)).toHaveCount(3)
  expect(await readFile(join(folder, 'sea/lighthouse.txt'), 'utf8')).toContain('keeper')
})
