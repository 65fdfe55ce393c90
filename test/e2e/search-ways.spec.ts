/** The ways of searching: modes, filters, documents, several knowledge bases, and what is said where nothing is found. */
import { cp, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Page } from '@playwright/test'
import { indexFolder, job, notes, openStorageFolder, results, searchBox, writeFolder } from './actions.ts'
import { cutVectors } from './cut-vectors.ts'
import { expect, test } from './fixtures.ts'

const status = (page: Page) => page.getByRole('group', { name: 'How to search' }).getByRole('status')
const mode = (page: Page, name: string) => page.getByRole('radio', { name })

test('each mode finds in its way and says so: by meaning, by the very words, or both', async ({ app }) => {
  const page = await app.open()
  const files = { ...notes, 'codes.txt': 'Fehler E1103 wird von std::move ausgelöst.\n' }
  await indexFolder(app, await writeFolder(app, 'notes', files))
  const first = results(page).first()

  await expect(mode(page, 'Hybrid')).toBeChecked()
  await searchBox(page).fill('bees that dance')
  await expect(first).toContainText('bees.html')
  await expect(first).toContainText(/vector #1, score 0\.\d{3}/)
  await expect(first).toContainText(/keyword #1, score \d+\.\d/)
  await expect(page.getByText(/embed [\d.,]+ ms, vector [\d.,]+ ms, keyword [\d.,]+ ms/)).toBeVisible()

  await mode(page, 'Keyword').check()
  await searchBox(page).fill('E1103')
  await expect(status(page)).toHaveText('1 result')
  await expect(first).toContainText('codes.txt')
  await expect(first.locator('mark')).toHaveText(['E1103'])
  await expect(first).not.toContainText('vector')

  await searchBox(page).fill('pollination nectar')
  await expect(page.getByText('Nothing found.')).toBeVisible()
  await page.getByRole('button', { name: 'Search by meaning, too' }).click()
  await expect(first).toContainText('bees.html')
  await searchBox(page).press('ControlOrMeta+j')
  await expect(mode(page, 'Vector')).toBeChecked()
  await expect(first).not.toContainText('keyword')
})

test('filters are completed as they are typed, stand as chips, and are taken away one by one', async ({
  app,
}) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('4 documents')
  const box = searchBox(page)
  const completions = page.getByRole('listbox', { name: 'Completions' }).getByRole('option')
  await box.pressSequentially('the sea type:')
  await expect(completions).toContainText(['type:txt'])
  await box.pressSequentially('m')
  await expect(completions).toHaveText(['type:md', 'type:html'])
  await box.press('Enter')
  await expect(box).toHaveValue('the sea type:md ')
  await expect(status(page)).toHaveText('1 result')
  await expect(results(page)).toContainText('tides.md')

  const chips = page.getByRole('list', { name: 'What narrows this search' }).getByRole('listitem')
  await box.pressSequentially('-moon')
  await expect(chips).toHaveText(['md files', 'without moon'])
  await expect(page.getByText('Nothing found.')).toBeVisible()
  await page.getByRole('button', { name: 'Search without -moon' }).click()
  await expect(results(page)).toContainText('tides.md')
  await page.getByRole('button', { name: 'Remove type:md' }).click()
  await expect(chips).toHaveCount(0)
  await expect(box).toHaveValue('the sea')
  await expect(box).toBeFocused()
  await expect(status(page)).toHaveText('4 results')

  await page.getByRole('button', { name: 'Add a filter' }).click()
  await page
    .getByRole('dialog', { name: 'Filters' })
    .getByRole('button', { name: /^path:/ })
    .click()
  await expect(box).toHaveValue('the sea path:')
  await page.keyboard.type('kitchen')
  await expect(results(page)).toContainText(['bread.txt'])
  await expect(status(page)).toHaveText('1 result')
})

test('Ctrl+Space offers keys of the metadata, and plain words never open anything', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  const completions = page.getByRole('listbox', { name: 'Completions' })
  await searchBox(page).pressSequentially('type of bread fi')
  await expect(results(page).first()).toContainText('bread.txt')
  await expect(completions).toHaveCount(0)
  await page.keyboard.press('Control+ ')
  await expect(completions.getByRole('option')).toContainText(['file_'])
  await page.keyboard.press('Escape')
  await expect(completions).toHaveCount(0)
  await expect(searchBox(page)).toHaveValue('type of bread fi')
})

test('passages of a document stand below it, each with its neighbours one key away', async ({ app }) => {
  const page = await app.open()
  const filler = 'The harbour master keeps a book of every ship that comes and goes. '.repeat(14)
  const long = `${filler}\n\nThe beginning of the story of the lamp.\n\n${filler}\n\nThe lamp goes out.\n\n${filler}`
  await indexFolder(app, await writeFolder(app, 'notes', { ...notes, 'story.txt': long }))
  await page.getByRole('button', { name: 'By document' }).click()
  await searchBox(page).fill('harbour master')
  await expect(status(page)).toHaveText(/^\d+ results in \d documents$/)
  await expect(page.locator('.group-heading').first()).toContainText('story.txt')
  await expect(page.locator('.group-heading').first()).toContainText(/[23] passages/)

  await searchBox(page).press('ControlOrMeta+g')
  await expect(page.locator('.group-heading')).toHaveCount(0)
  await searchBox(page).fill('"story of the lamp"')
  await expect(results(page).first().locator('mark')).toHaveText(['story of the lamp'])
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await expect(results(page).first()).toContainText(/(After|Before) it: .*harbour master/)
  await page.keyboard.press('ArrowLeft')
  await expect(results(page).first()).not.toContainText(/(After|Before) it:/)
})

test('passages with nearly the same text are one result that names the others', async ({ app }) => {
  const page = await app.open()
  const bread = notes['kitchen/bread.txt'] ?? ''
  await indexFolder(app, await writeFolder(app, 'notes', { ...notes, 'old/bread copy.txt': bread }))
  await searchBox(page).fill('dough')
  await expect(results(page).first()).toContainText(/and 1 passage like it: bread( copy)?\.txt/)
  await page.getByRole('button', { name: 'Options of search' }).click()
  await page.getByRole('checkbox', { name: 'Show nearly equal passages once' }).uncheck()
  await expect(results(page).nth(1)).toContainText(/bread( copy)?\.txt/)
  await expect(results(page).first()).not.toContainText('like it')
})

test('several knowledge bases are searched at once, and a hit opens from the one it is in', async ({
  app,
}) => {
  const page = await app.open()
  await indexFolder(
    app,
    await writeFolder(app, 'music', { 'violin.txt': 'The bow of a violin needs rosin.\n' }),
  )
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  await expect(job(page)).toContainText('Indexed 4 documents')
  await searchBox(page).fill('rosin for a violin')
  await expect(results(page).first()).toBeVisible()
  await expect(page.getByText('violin.txt')).toHaveCount(0)
  await page.getByRole('button', { name: 'Where to search' }).click()
  await page.getByRole('checkbox', { name: 'music' }).check()
  await page.keyboard.press('Escape')
  await expect(results(page).first()).toContainText('violin.txt')
  await expect(results(page).first().locator('.hit-from')).toHaveText('music')
  await searchBox(page).press('Enter')
  await expect(page.getByRole('note')).toContainText('needs rosin')
})

test('a folder whose model is not at hand is searched by keyword, and nothing else', async ({ app }) => {
  const page = await app.open()
  const folder = join(app.folder, 'from elsewhere')
  await cp(resolve(import.meta.dirname, '../fixtures/python-storage/storage'), folder, { recursive: true })
  await cutVectors(folder, 77)
  await openStorageFolder(app, folder)
  await page.getByRole('button', { name: 'Search by keyword only' }).click()
  await expect(searchBox(page)).toBeFocused()
  await expect(mode(page, 'Keyword')).toBeChecked()
  await page.keyboard.type('lighthouse')
  await expect(results(page).first()).toContainText('lighthouse.txt')
  await expect(page.getByText(/77/).first()).toBeVisible()

  await mode(page, 'Hybrid').click()
  await expect(page.getByRole('button', { name: 'Search by keyword only' })).toBeVisible()
})

test('a quick look at a PDF shows all its pages, and a hit is named with its page or its line', async ({
  app,
}) => {
  const page = await app.open()
  const pdf = await readFile(resolve(import.meta.dirname, '../fixtures/documents/two-pages.pdf'))
  const lines = 'First line.\nSecond line.\n\nThe moon raises the sea.\n'
  await indexFolder(app, await writeFolder(app, 'notes', { 'two-pages.pdf': pdf, 'tides.txt': lines }))
  await searchBox(page).fill('type:pdf')
  await expect(status(page)).toHaveText('2 results')
  await expect(results(page).first()).toContainText(/page \d/)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press(' ')
  const look = page.getByRole('dialog', { name: 'two-pages.pdf' })
  await expect(look.locator('.source-page-mark')).toHaveCount(1)
  await expect(look.locator('.quick-look-where')).toContainText(/page \d/)
  await page.keyboard.press('Escape')

  await searchBox(page).fill('type:txt')
  await expect(results(page).first()).toContainText('tides.txt')
  await searchBox(page).press('Enter')
  await expect(page.getByRole('complementary', { name: 'Source' })).toContainText('line 1')
})
