import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { indexFolder, job, notes, startIndexing, writeFolder } from './actions.ts'
import { expect, test, type App } from './fixtures.ts'

const documents = resolve(import.meta.dirname, '../fixtures/documents')

async function mixedFolder(app: App): Promise<string> {
  return writeFolder(app, 'mixed', {
    ...notes,
    'broken.pdf': await readFile(join(documents, 'broken.pdf')),
    'empty.txt': '',
    'film.mp4': 'x',
    '.hidden.txt': 'A secret.\n',
  })
}

function files(page: Page) {
  return page.getByRole('group', { name: 'What became of each file' }).getByRole('listitem')
}

for (const [colorScheme, width] of [
  ['light', 1400],
  ['dark', 700],
] as const) {
  test(`every file is listed with its state and cause, ${colorScheme} and ${width} pixels wide`, async ({
    app,
  }) => {
    const page = await app.open({ colorScheme, width })
    const folder = await mixedFolder(app)
    await indexFolder(app, folder)
    await job(page).getByRole('button', { name: 'What became of each file' }).click()
    // from a run with failed files it begins with those
    await expect(page.getByRole('radio', { name: /^Failed 2/ })).toBeChecked()
    await expect(files(page)).toHaveCount(2)
    await expect(files(page).first()).toContainText('broken.pdf')
    await expect(files(page).first()).toContainText('Failed')

    await page.getByRole('radio', { name: /^Skipped/ }).check()
    await expect(files(page)).toHaveCount(2)
    await expect(files(page).first()).toContainText('Hidden')
    await page.getByRole('radio', { name: /^All/ }).check()
    await expect(files(page)).toHaveCount(8)
    await page.getByRole('searchbox', { name: 'Part of the path' }).fill('sea/')
    await expect(files(page)).toHaveCount(2)
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
  })
}

test('files that failed are tried again, and are in the index once they can be read', async ({ app }) => {
  const page = await app.open()
  const folder = await mixedFolder(app)
  await indexFolder(app, folder)
  await writeFile(
    join(folder, 'empty.txt'),
    'A sheep is shorn in spring, and the fleece is spun into yarn.\n',
  )
  await page.getByRole('tab', { name: 'Files' }).click()
  await page.getByRole('button', { name: 'Try 2 failed again' }).click()
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('5 documents')
  await page.getByRole('radio', { name: /^Failed 1/ }).check()
  await expect(files(page)).toHaveCount(1)
  await expect(files(page)).toContainText('broken.pdf')
})

test('what is listed is saved as CSV', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await mixedFolder(app))
  await page.getByRole('tab', { name: 'Files' }).click()
  await page.getByRole('radio', { name: /^Failed/ }).check()
  await expect(files(page)).toHaveCount(2)
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as CSV' }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toBe('mixed files.csv')
  const csv = await readFile(await download.path(), 'utf8')
  const lines = csv.trimEnd().split('\r\n')
  expect(lines[0]).toBe('path,state,code,message,from')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toContain('broken.pdf,failed,broken-file,')
})

/** Enough that there is time to press a button. */
const many = Object.fromEntries(
  Array.from({ length: 4000 }, (_, index) => [
    `part ${index % 7}/entry ${index}.txt`,
    `Entry ${index}: a sentence like many others.\n`,
  ]),
)

test('indexing is paused, waits over a restart, and goes on to its end', async ({ app }) => {
  test.setTimeout(400_000)
  let page = await app.open()
  await startIndexing(app, await writeFolder(app, 'many', many))
  await expect(job(page)).toContainText(/[1-9]\d* of 4,000 files/)
  await expect(job(page)).toContainText(/of \d+ KB/)
  await job(page).getByRole('button', { name: 'Pause' }).click()
  await expect(job(page)).toContainText('Paused')
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  await app.close()

  page = await app.open()
  await expect(job(page)).toContainText('Paused')
  await job(page).getByRole('button', { name: 'Resume' }).click()
  await expect(job(page)).toContainText('Going on where it stopped when Stackroom was closed')
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText(
    '4,000 documents',
    {
      timeout: 240_000,
    },
  )
})
