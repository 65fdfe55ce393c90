import { cp, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import {
  chooseSources,
  drop,
  job,
  notes,
  openStorageFolder,
  results,
  searchBox,
  writeFolder,
} from './actions.ts'
import { expect, test, type App } from './fixtures.ts'
import { startEmbeddingServer } from './start-embedding-server.ts'

const root = resolve(import.meta.dirname, '../..')
const pythonStorage = join(root, 'test/fixtures/python-storage/storage')
const bundledModel = join(root, 'resources/models/all-MiniLM-L6-v2')
const key = 'sk-planted-7c41e0'

async function showModels(page: Page): Promise<void> {
  await page.keyboard.press('Control+Shift+E')
  await expect(page.getByRole('heading', { level: 1, name: 'Embedding models' })).toBeVisible()
}

/** Fills the form for a server called “garage” and sends it. */
async function saveServer(page: Page, baseUrl: string, enteredKey: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a server…' }).click()
  const form = page.getByRole('dialog')
  await form.getByRole('combobox', { name: 'Service' }).selectOption('other')
  await form.getByRole('textbox', { name: 'Name' }).fill('garage')
  await form.getByRole('textbox', { name: 'Base URL' }).fill(baseUrl)
  await enterKey(page, enteredKey)
}

async function enterKey(page: Page, enteredKey: string): Promise<void> {
  const form = page.getByRole('dialog')
  await form.getByLabel(/^Key/).fill(enteredKey)
  await form.getByRole('button', { name: 'Save and test' }).click()
}

/** Puts the model of the specs' server on the list, and leaves the page. */
async function addServerModel(page: Page, baseUrl: string): Promise<void> {
  await showModels(page)
  await saveServer(page, baseUrl, key)
  const picker = page.getByRole('dialog', { name: 'Models of garage' })
  await picker.getByRole('button', { name: 'Add nomic-embed-text:latest' }).click()
  await expect(picker.getByRole('status').filter({ hasText: 'It works: 384 dimensions' })).toBeVisible()
  await picker.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Back' }).click()
}

async function copyOfStorage(app: App, name: string): Promise<string> {
  const folder = join(app.folder, name)
  await cp(pythonStorage, folder, { recursive: true })
  return folder
}

/** The same folder as another model of as many dimensions would have made it. */
async function storageOfAnotherModel(app: App, name: string): Promise<string> {
  const folder = await copyOfStorage(app, name)
  const file = join(folder, 'default__vector_store.json')
  const store = JSON.parse(await readFile(file, 'utf8')) as { embedding_dict: Record<string, number[]> }
  let seed = 0
  for (const [id, { length }] of Object.entries(store.embedding_dict)) {
    const vector = Array.from({ length }, () => Math.sin(++seed * 12.9898))
    const norm = Math.hypot(...vector)
    store.embedding_dict[id] = vector.map((value) => value / norm)
  }
  await writeFile(file, JSON.stringify(store))
  return folder
}

async function check(page: Page): Promise<void> {
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(overflow).toBeLessThanOrEqual(0)
}

function modelFact(page: Page) {
  return page.getByRole('list', { name: 'About this knowledge base' }).locator('.model-fact')
}

test('the models page is reached and left with the keyboard', async ({ app }) => {
  const page = await app.open()
  await showModels(page)
  await expect(page).toHaveTitle('Embedding models – Stackroom')
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  const bundled = page.getByRole('listitem', { name: 'all-MiniLM-L6-v2' })
  await expect(bundled).toContainText('On this computer')
  await expect(bundled).toContainText('mean pooling')
  await bundled.getByRole('button', { name: 'Test all-MiniLM-L6-v2' }).press('Enter')
  await expect(bundled).toContainText(/It works: 384 dimensions, [\d.,]+ ms for a short text/)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('heading', { name: 'Drop a folder of documents here' })).toBeVisible()
})

test('a server is added: a wrong key is told, its models are listed, one is tried, and the key is never shown', async ({
  app,
}) => {
  await using server = await startEmbeddingServer(key, app.folder)
  const page = await app.open()
  await showModels(page)
  await saveServer(page, `${server.url}/v1`, 'sk-wrong')
  await expect(page.getByRole('alert')).toContainText('does not accept the key')
  await expect(page.getByLabel(/^Key/)).toHaveValue('')
  await enterKey(page, key)

  const picker = page.getByRole('dialog', { name: 'Models of garage' })
  await expect(picker).toContainText('garage answers: 3 models, of which 1 is for embedding.')
  await picker.getByRole('button', { name: 'Add llama3.2:3b' }).click()
  await expect(picker.getByRole('alert')).toContainText('This model does not support embeddings')
  await expect(picker.getByRole('alert')).toContainText('Choose an embedding model')
  await picker.getByRole('button', { name: 'Add nomic-embed-text:latest' }).click()
  await expect(picker).toContainText('It works: 384 dimensions')
  await picker.getByRole('button', { name: 'Done' }).click()

  const card = page.getByRole('region', { name: 'garage' })
  await expect(card).toContainText('A key is stored')
  await expect(card).toContainText('search_document: ')
  await card.getByRole('button', { name: 'Change garage' }).click()
  await expect(page.getByRole('dialog').getByLabel(/^Key/)).toHaveValue('')
  await page.keyboard.press('Escape')
  expect(await page.content()).not.toContain(key)
  expect(await page.evaluate(() => JSON.stringify(window.localStorage))).not.toContain(key)

  await card.getByRole('button', { name: 'Remove garage' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
  await expect(card).toBeHidden()
})

test('a server that is down is said to be, and stays on the list to be corrected', async ({ app }) => {
  const page = await app.open()
  await showModels(page)
  await saveServer(page, 'http://127.0.0.1:9/v1', key)
  await expect(page.getByRole('alert')).toContainText('cannot be reached')
  await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).last().click()
  await expect(page.getByRole('region', { name: 'garage' })).toContainText(
    'No model of it is on the list yet',
  )
})

test('a folder is sent to a model elsewhere only after the user allowed it', async ({ app }) => {
  await using server = await startEmbeddingServer(key, app.folder)
  const page = await app.open()
  await addServerModel(page, `${server.remoteUrl}/v1`)
  await chooseSources(app, await writeFolder(app, 'notes', notes))
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /^nomic-embed-text/ }).check()
  await expect(dialog).toContainText(/About \d+ tokens/)
  const start = dialog.getByRole('button', { name: 'Index 4 files' })
  await expect(start).toBeDisabled()
  const { host } = new URL(server.remoteUrl)
  const consent = dialog.getByRole('checkbox', { name: new RegExp(`text of these 4 files.* to ${host}`) })
  expect(server.texts.join()).not.toContain('keeper')

  await consent.check()
  await start.click()
  await expect(job(page)).toContainText('Indexed 4 documents')
  expect(server.texts.join()).toContain('search_document: ')
  expect(server.texts.join()).toContain('The keeper lights the lamp')
  await expect(modelFact(page)).toContainText('nomic-embed-text:latest')
  await searchBox(page).fill('how do ships find their way at night')
  await expect(results(page).first()).toContainText('lighthouse.txt')

  await showModels(page)
  const card = page.getByRole('region', { name: 'garage' })
  await expect(card).toContainText('You allowed it to have the text of 1 knowledge base')
  await card.getByRole('button', { name: 'Take it back' }).click()
  await page.getByRole('navigation').getByRole('button', { name: /notes/ }).click()
  const sentBefore = server.texts.length
  await searchBox(page).fill('a question that was not asked before')
  await expect(page.getByRole('button', { name: `Send my questions to ${host}` })).toBeVisible()
  expect(server.texts.slice(sentBefore)).toEqual([])
  await page.getByRole('button', { name: `Send my questions to ${host}` }).click()
  await expect(results(page)).toHaveCount(4)
})

test('a folder of Python’s is verified, with the numbers', async ({ app }) => {
  const page = await app.open()
  await openStorageFolder(app, await copyOfStorage(app, 'from python'))
  await expect(modelFact(page)).toHaveText(/^Verified: all-MiniLM-L6-v2 \(cosine (1\.0|0\.999)\d+\)$/)
  await modelFact(page).click()
  const dialog = page.getByRole('dialog', { name: 'The model of “from python”' })
  await expect(dialog).toContainText('Verified: all-MiniLM-L6-v2 made these vectors.')
  await expect(dialog).toContainText('5 of 5 nodes come out the same')
  await check(page)
})

test('a folder of another model is refused, then embedded again, and the old vectors wait for a word', async ({
  app,
}) => {
  const page = await app.open()
  const folder = await storageOfAnotherModel(app, 'of another')
  await openStorageFolder(app, folder)
  await expect(modelFact(page)).toContainText('Wrong model')
  await expect(page.getByRole('alert')).toContainText('0.99')
  await expect(searchBox(page)).toBeHidden()
  await check(page)
  await page.getByRole('button', { name: 'Pick another model…' }).click()
  await expect(page.getByRole('listitem', { name: 'all-MiniLM-L6-v2' })).toContainText(
    'Another model made these vectors: 0 of',
  )
  await check(page)
  await page.getByRole('dialog').getByRole('button', { name: 'Embed the folder again…' }).click()
  await check(page)
  await page.getByRole('button', { name: 'Embed 5 nodes' }).click()
  await expect(page.getByRole('region', { name: 'Embedding again' })).toContainText('Embedded again')

  await searchBox(page).fill('how insects tell each other where food is')
  await expect(results(page).first()).toContainText('bees.txt')
  await expect(modelFact(page)).toContainText('Verified: all-MiniLM-L6-v2')
  await expect(page.getByText('are still kept')).toBeVisible()
  await check(page)
  await page.getByRole('button', { name: 'Put the old ones back' }).click()
  await expect(modelFact(page)).toContainText('Wrong model')
})

test('what embedding again sends and costs, and what stays kept, is told before it can be started', async ({
  app,
}) => {
  await using server = await startEmbeddingServer(key, app.folder)
  const page = await app.open()
  await addServerModel(page, `${server.remoteUrl}/v1`)
  await openStorageFolder(app, await storageOfAnotherModel(app, 'of another'))
  await page.getByRole('button', { name: 'Embed the folder again…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Embed “of another” again' })
  await expect(dialog).toContainText('The old ones are kept until you say that the new ones are good.')
  await expect(dialog).toContainText(/5 nodes: about \d+ tokens/)
  await dialog.getByRole('radio', { name: /^nomic-embed-text/ }).check()
  await expect(dialog.locator('.consent-figures')).toContainText(/5 nodes: about \d+ tokens/)
  const start = dialog.getByRole('button', { name: 'Embed 5 nodes' })
  await expect(start).toBeDisabled()
  expect(server.texts.join()).not.toContain('keeper')
  await check(page)
  await dialog.getByRole('checkbox', { name: /^Send the text of this knowledge base/ }).check()
  await start.click()
  await expect(page.getByRole('region', { name: 'Embedding again' })).toContainText('Embedded again')
  expect(server.texts.join()).toContain('keeper')

  await modelFact(page).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Embed the folder again…' }).click()
  await expect(dialog).toContainText(/^.*The vectors from before .* stay kept/)
  await expect(dialog).toContainText('Those of now, of nomic-embed-text:latest, are not kept')
  await check(page)
})

test('what re-embedding replaced goes when the user says that the new vectors are good', async ({ app }) => {
  const page = await app.open()
  await openStorageFolder(app, await storageOfAnotherModel(app, 'of another'))
  await page.getByRole('button', { name: 'Embed the folder again…' }).click()
  await page.getByRole('button', { name: 'Embed 5 nodes' }).click()
  await page.getByRole('button', { name: 'Keep the new ones' }).click()
  await expect(page.getByText('are still kept')).toBeHidden()
  await searchBox(page).fill('a light for ships')
  await expect(results(page).first()).toContainText('lighthouse.txt')
})

test('a model folder that is dropped anywhere is added with what was read from it', async ({ app }) => {
  const page = await app.open()
  const folder = join(app.folder, 'my-model')
  await cp(bundledModel, folder, { recursive: true })
  const prompts = { query: 'query: ', document: 'passage: ' }
  await writeFile(join(folder, 'config_sentence_transformers.json'), JSON.stringify({ prompts }))
  await drop(page, [folder])
  const card = page.getByRole('listitem', { name: basename(folder) })
  await expect(card).toContainText('384 dimensions')
  await expect(card).toContainText('passage: ')
  await check(page)

  await drop(page, [await writeFolder(app, 'no model', { 'config.json': '{}' })])
  await expect(page.getByRole('alert')).toContainText('no model.onnx')
  await check(page)
  await card.getByRole('button', { name: 'Take my-model off the list' }).click()
  await expect(card).toBeHidden()
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [700, 1400]) {
    test(`models, forms and consent are accessible and fit, ${colorScheme} and ${width} pixels wide`, async ({
      app,
    }) => {
      await using server = await startEmbeddingServer(key, app.folder)
      const page = await app.open({ colorScheme, width })
      await showModels(page)
      await check(page)
      await page.getByRole('button', { name: 'Add a server…' }).click()
      await check(page)
      await page.keyboard.press('Escape')
      await saveServer(page, `${server.remoteUrl}/v1`, 'sk-wrong')
      await expect(page.getByRole('alert')).toBeVisible()
      await check(page)
      await enterKey(page, key)
      await page.getByRole('button', { name: 'Add nomic-embed-text:latest' }).click()
      await expect(page.getByRole('dialog')).toContainText('It works')
      await check(page)
      await page.getByRole('button', { name: 'Done' }).click()
      await page.getByRole('button', { name: 'Change nomic-embed-text:latest' }).click()
      await check(page)
      await page.keyboard.press('Escape')
      await check(page)
      await page.getByRole('button', { name: 'Back' }).click()
      await chooseSources(app, await writeFolder(app, 'notes', notes))
      await page.getByRole('radio', { name: /^nomic-embed-text/ }).check()
      await expect(page.getByRole('checkbox', { name: /^Send the text/ })).toBeVisible()
      await check(page)
    })
  }
}
