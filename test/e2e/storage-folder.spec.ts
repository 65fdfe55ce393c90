import { cp, readFile, rm, truncate } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { drop, expectAccessible, openStorageFolder, results, searchBox } from './actions.ts'
import { cutVectors } from './cut-vectors.ts'
import { expect, test, type App } from './fixtures.ts'

const pythonStorage = resolve(import.meta.dirname, '../fixtures/python-storage/storage')

async function copyOfStorage(app: App, name = 'from python'): Promise<string> {
  const folder = join(app.folder, name)
  await cp(pythonStorage, folder, { recursive: true })
  return folder
}

test('a storage folder that Python LlamaIndex wrote opens and is searched', async ({ app }) => {
  const page = await app.open()
  await openStorageFolder(app, await copyOfStorage(app))
  await expect(page.getByRole('heading', { level: 1, name: 'from python' })).toBeVisible()
  const facts = page.getByRole('list', { name: 'About this knowledge base' })
  await expect(facts).toContainText('5 documents')
  await expect(facts).toContainText('5 nodes')
  await expect(facts).toContainText('384 dimensions')
  await searchBox(page).fill('how insects tell each other where food is')
  await expect(results(page).first()).toContainText('bees.txt')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('note')).toContainText('A colony of honey bees')
})

test('a storage folder that is dropped opens as it is', async ({ app }) => {
  const page = await app.open()
  await drop(page, [await copyOfStorage(app)])
  await searchBox(page).fill('a light for ships')
  await expect(results(page).first()).toContainText('lighthouse.txt')
})

test('a folder that is no storage folder is refused with a sentence', async ({ app }) => {
  const page = await app.open()
  await openStorageFolder(app, app.folder)
  await expect(page.getByRole('alert')).toBeVisible()
  await expect(page.getByRole('alert')).not.toContainText(/Error|at .*:\d+/)
})

test('a storage folder with a missing file says which one, and the other knowledge bases go on', async ({
  app,
}) => {
  const page = await app.open()
  await openStorageFolder(app, await copyOfStorage(app, 'whole'))
  const broken = await copyOfStorage(app, 'broken')
  await rm(join(broken, 'docstore.json'))
  await openStorageFolder(app, broken)
  await expect(page.getByRole('alert')).toContainText('docstore.json')
  await page.getByRole('navigation').getByRole('button', { name: /whole/ }).click()
  await searchBox(page).fill('bread')
  await expect(results(page).first()).toContainText('bread.txt')
})

test('a storage folder with a cut-off file says which one and is left as it was', async ({ app }) => {
  const page = await app.open()
  const folder = await copyOfStorage(app)
  const file = join(folder, 'default__vector_store.json')
  await truncate(file, 20_000)
  const before = await readFile(file)
  await openStorageFolder(app, folder)
  await expect(page.getByRole('alert')).toContainText('default__vector_store.json')
  await expectAccessible(page)
  expect((await readFile(file)).equals(before)).toBe(true)
})

test('vectors that no model at hand makes are refused with their dimension', async ({ app }) => {
  const page = await app.open()
  const folder = await copyOfStorage(app)
  await cutVectors(folder, 77)
  await openStorageFolder(app, folder)
  await expect(page.getByRole('alert')).toContainText('77')
})

test('a knowledge base is renamed, and taken off the list without losing a file', async ({ app }) => {
  const page = await app.open()
  const folder = await copyOfStorage(app)
  await openStorageFolder(app, folder)
  await page.getByRole('button', { name: 'More about this knowledge base' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  await page.getByRole('textbox', { name: 'Name of the knowledge base' }).fill('Notes of Ada')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('navigation')).toContainText('Notes of Ada')

  const before = await readFile(join(folder, 'docstore.json'))
  await page.getByRole('button', { name: 'More about this knowledge base' }).click()
  await page.getByRole('menuitem', { name: 'Take off the list…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Take off the list' }).click()
  await expect(page.getByRole('heading', { name: 'Drop a folder of documents here' })).toBeVisible()
  expect((await readFile(join(folder, 'docstore.json'))).equals(before)).toBe(true)
})
