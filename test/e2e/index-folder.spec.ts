import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  drop,
  expectAccessible,
  indexFolder,
  job,
  notes,
  results,
  searchBox,
  startIndexing,
  writeFolder,
} from './actions.ts'
import { expect, test } from './fixtures.ts'

const documents = resolve(import.meta.dirname, '../fixtures/documents')

test('a folder is chosen, indexed, searched as one types, and its source is read', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  await expect(job(page)).toContainText('Indexed 4 documents')
  await expect(page.getByRole('heading', { level: 1, name: 'notes' })).toBeVisible()

  await searchBox(page).pressSequentially('how do ships find their way at night')
  await expect(results(page).first()).toContainText('lighthouse.txt')
  await expect(results(page).first()).toContainText('notes/sea')
  await expect(results(page).first()).toContainText(/score 0\.\d{3}/)
  await expect(results(page).first().locator('mark')).toHaveText(['ships'])

  await page.keyboard.press('Enter')
  const source = page.getByRole('complementary', { name: 'Source' })
  await expect(source.getByRole('note')).toContainText('The keeper lights the lamp at dusk')
  await source.getByText('Metadata').click()
  await expect(source).toContainText('file_path')
  await page.keyboard.press('Escape')
  await expect(source).toBeHidden()
})

test('a knowledge base is there after a restart and answers without being indexed again', async ({ app }) => {
  let page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  await app.close()

  page = await app.open()
  await expect(page.getByRole('navigation')).toContainText('notes')
  await searchBox(page).fill('baking a loaf')
  await expect(results(page).first()).toContainText('bread.txt')
  await expect(job(page)).toBeHidden()
  await expect(page.getByRole('region', { name: 'Running' })).toBeHidden()
})

test('what is typed later is what is answered, however fast one types', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  await searchBox(page).pressSequentially('insects that dance', { delay: 5 })
  await searchBox(page).fill('what the moon does to the water')
  await expect(results(page).first()).toContainText('tides.md')
  await searchBox(page).fill('')
  await expect(results(page)).toHaveCount(0)
})

test('the arrow keys move through the results and an open source follows', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  await searchBox(page).fill('the sea')
  await expect(results(page)).toHaveCount(4)
  await page.keyboard.press('Enter')
  const title = page.getByRole('complementary', { name: 'Source' }).getByRole('heading')
  const first = await title.textContent()
  await page.keyboard.press('ArrowDown')
  await expect(results(page).nth(1)).toHaveAttribute('aria-selected', 'true')
  await expect(title).not.toHaveText(first ?? '')
})

test('files that cannot be read are listed by name with their cause, and the rest is indexed', async ({
  app,
}) => {
  const page = await app.open()
  const bad = ['broken.pdf', 'encrypted.pdf', 'empty.txt', 'binary.txt']
  const files = Object.fromEntries(
    await Promise.all(bad.map(async (name) => [name, await readFile(join(documents, name))] as const)),
  )
  await indexFolder(app, await writeFolder(app, 'mixed', { ...notes, ...files }))
  await expect(job(page)).toContainText('4 files failed')
  const failed = page.getByRole('group', { name: 'Files that failed' })
  for (const name of bad) await expect(failed).toContainText(name)
  await expectAccessible(page)
  await searchBox(page).fill('yeast')
  await expect(results(page).first()).toContainText('bread.txt')
  await page.getByRole('button', { name: 'Dismiss this report' }).click()
  await expect(job(page)).toBeHidden()
})

test('a folder dropped onto the window is indexed', async ({ app }) => {
  const page = await app.open()
  await drop(page, [await writeFolder(app, 'dropped notes', notes)])
  await expect(page.getByRole('dialog')).toContainText('4 files to read')
  await page.getByRole('button', { name: 'Index 4 files' }).click()
  await expect(job(page)).toContainText('Indexed 4 documents')
  await searchBox(page).fill('pollinating insects')
  await expect(results(page).first()).toContainText('bees.html')
})

test('files dropped onto a knowledge base are added to it', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  const more = await writeFolder(app, 'more', {
    'violin.txt': 'The bow of a violin is rubbed with rosin so that it grips the string.\n',
  })
  await drop(page, [join(more, 'violin.txt')], { x: 1000, y: 400 })
  await page.getByRole('button', { name: 'Index 1 file' }).click()
  await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText('5 documents')
  await searchBox(page).fill('a bow on the strings of a violin')
  await expect(results(page).first()).toContainText('violin.txt')
})

test('indexing shows its progress, can be searched meanwhile, and stops when told to', async ({ app }) => {
  const page = await app.open()
  const many = Object.fromEntries(
    Array.from({ length: 4000 }, (_, index) => [
      `part ${index % 7}/entry ${index}.txt`,
      `Entry ${index}: a sentence like many others.\n`,
    ]),
  )
  await startIndexing(app, await writeFolder(app, 'many', many))
  await expect(job(page)).toContainText(/\d of 4,000 files/)
  await expect(job(page).getByRole('progressbar')).toHaveAttribute('aria-valuenow', /\d/)
  await searchBox(page).fill('a sentence like many others')
  await expect(results(page).first()).toContainText('entry')
  await job(page).getByRole('button', { name: 'Cancel' }).click()
  await expect(job(page)).toContainText('Cancelled')
  await expect(job(page)).toContainText('kept')
})

test('a result’s text is shown as text, whatever it holds', async ({ app }) => {
  const page = await app.open()
  await indexFolder(
    app,
    await writeFolder(app, 'hostile', {
      'attack.txt':
        'Payload: <img src=x onerror="document.title=1"> <script>document.title=2</script> payload.\n',
    }),
  )
  await searchBox(page).fill('payload')
  await expect(results(page).first()).toContainText('<img src=x onerror="document.title=1">')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('note')).toContainText('<script>document.title=2</script>')
  await expect(page).toHaveTitle('hostile – Stackroom')
})
