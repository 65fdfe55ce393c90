import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import {
  chooseSources,
  expectAccessible,
  indexFolder,
  job,
  notes,
  results,
  searchBox,
  writeFolder,
} from './actions.ts'
import { expect, test } from './fixtures.ts'

async function showSources(page: Page): Promise<Locator> {
  await page.getByRole('tab', { name: 'Sources' }).click()
  return page.getByRole('region', { name: 'Sources' })
}

async function refresh(page: Page): Promise<void> {
  const sources = await showSources(page)
  await sources.getByRole('button', { name: 'Refresh now' }).click()
}

test('a refresh takes in what changed, moved and came, and leaves the rest alone', async ({ app }) => {
  const page = await app.open()
  const folder = await writeFolder(app, 'notes', notes)
  await indexFolder(app, folder)
  await writeFile(
    join(folder, 'kitchen/bread.txt'),
    'Rub a violin bow with rosin so that it grips the string.\n',
  )
  await rename(join(folder, 'sea/tides.md'), join(folder, 'garden/tides.md'))
  await writeFile(join(folder, 'wool.txt'), 'A sheep is shorn in spring, and the fleece is spun into yarn.\n')
  await refresh(page)
  await expect(job(page)).toContainText('1 file added')
  await expect(job(page)).toContainText('1 file changed')
  await expect(job(page)).toContainText('1 file moved')
  await expect(job(page)).toContainText('2 files unchanged')
  await expect(page.getByRole('listitem', { name: 'notes' })).toContainText(
    /5 files in the index · indexed \w+/,
  )

  await page.getByRole('tab', { name: 'Search' }).click()
  await searchBox(page).fill('music on strings')
  await expect(results(page).first()).toContainText('violin bow')
  await searchBox(page).fill('what the moon does to the water')
  await expect(results(page).first()).toContainText('notes/garden')
})

test('a refresh with nothing to do says so', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  await refresh(page)
  await expect(job(page)).toContainText('Up to date')
  await expect(job(page)).toContainText('4 files unchanged')
})

test('files that are gone are named, kept until the question is answered, and then as was set', async ({
  app,
}) => {
  const page = await app.open()
  const folder = await writeFolder(app, 'notes', notes)
  await indexFolder(app, folder)
  await rm(join(folder, 'sea/lighthouse.txt'))
  await refresh(page)
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('1 file is gone')
  await expect(dialog).toContainText('lighthouse.txt')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Close' }).click()

  // until then it is found, and a note says that an answer is awaited
  await expect(page.getByText('1 file that was indexed is gone.')).toBeVisible()
  await page.getByRole('tab', { name: 'Search' }).click()
  await searchBox(page).fill('how do ships find their way at night')
  await expect(results(page).first()).toContainText('lighthouse.txt')

  await page.getByRole('button', { name: 'See which, and decide…' }).click()
  await dialog.getByRole('checkbox', { name: 'Do the same from now on without asking' }).check()
  await dialog.getByRole('button', { name: 'Remove from the index' }).click()
  await expect(job(page)).toContainText('1 file removed')
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('3 documents')
  await expect(results(page).first()).not.toContainText('lighthouse.txt')

  await rm(join(folder, 'kitchen/bread.txt'))
  const sources = await showSources(page)
  await expect(sources.getByRole('radio', { name: 'Remove' })).toBeChecked()
  await refresh(page)
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('2 documents')
  await expect(dialog).toBeHidden()
})

test('files that are kept stay in the index, and are asked about no more', async ({ app }) => {
  const page = await app.open()
  const folder = await writeFolder(app, 'notes', notes)
  await indexFolder(app, folder)
  await rm(join(folder, 'sea/lighthouse.txt'))
  await refresh(page)
  await page.getByRole('dialog').getByRole('button', { name: 'Keep in the index' }).click()
  await expect(page.getByText('is gone.')).toBeHidden()
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('4 documents')
  await refresh(page)
  await expect(job(page)).toContainText('Up to date')
  await expect(page.getByRole('dialog')).toBeHidden()
})

test('a watched source takes in a new file by itself', async ({ app }) => {
  const page = await app.open()
  const folder = await writeFolder(app, 'notes', notes)
  await chooseSources(app, folder)
  await page.getByRole('checkbox', { name: 'Watch for changes and keep the index up to date' }).check()
  await page.getByRole('button', { name: 'Index 4 files' }).click()
  await expect(job(page)).toContainText('Indexed 4 documents')
  const sources = await showSources(page)
  await expect(sources.getByRole('listitem', { name: 'notes' })).toContainText('Watched')
  await expectAccessible(page)
  await mkdir(join(folder, 'new'))
  await writeFile(
    join(folder, 'new/wool.txt'),
    'A sheep is shorn in spring, and the fleece is spun into yarn.\n',
  )
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('5 documents')

  await sources.getByRole('checkbox', { name: 'Watch' }).uncheck()
  await expect(sources.getByRole('listitem', { name: 'notes' })).not.toContainText('Watched')
  await page.getByRole('tab', { name: 'Search' }).click()
  await searchBox(page).fill('making yarn')
  await expect(results(page).first()).toContainText('wool.txt')
})

test('a source that is not there is said so, and keeps its documents', async ({ app }) => {
  const page = await app.open()
  const folder = await writeFolder(app, 'notes', notes)
  await indexFolder(app, folder)
  await rename(folder, join(app.folder, 'elsewhere'))
  await refresh(page)
  await expect(job(page)).toContainText(`${folder} is not there.`)
  await expect(page.getByRole('listitem', { name: 'notes' })).toContainText('Not there')
  await expectAccessible(page)
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('4 documents')
})

test('the rules of a source are changed, and what they leave out can leave the index', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  const sources = await showSources(page)
  await sources.getByRole('button', { name: 'Rules…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Leave out what matches' }).fill('*.html\nkitchen')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Save and refresh' }).click()
  await expect(dialog).toContainText('2 files are gone')
  await expect(dialog).toContainText('bees.html')
  await expect(dialog).toContainText('bread.txt')
  await dialog.getByRole('button', { name: 'Remove from the index' }).click()
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('2 documents')
  await expect(sources.getByRole('listitem', { name: 'notes' })).toContainText('without *.html kitchen')
})

test('a source is removed with its documents, or without them', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  const sources = await showSources(page)
  const more = await writeFolder(app, 'more', { 'wool.txt': 'A sheep is shorn in spring.\n' })
  await app.door.choose(more, () => sources.getByRole('button', { name: 'Add a source…' }).click())
  await page.getByRole('button', { name: 'Index 1 file' }).click()
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('5 documents')

  await showSources(page)
  const dialog = page.getByRole('dialog')
  await sources.getByRole('button', { name: 'Remove more from the sources' }).click()
  await expect(dialog).toContainText('1 file leaves the index.')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Remove the source' }).click()
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('4 documents')

  await sources.getByRole('button', { name: 'Remove notes from the sources' }).click()
  await dialog.getByRole('checkbox', { name: 'Keep its documents in the index' }).check()
  await dialog.getByRole('button', { name: 'Remove the source' }).click()
  await expect(sources).toContainText('No sources are known')
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('4 documents')
})
