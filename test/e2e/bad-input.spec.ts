import { chooseSources, writeFolder } from './actions.ts'
import { expect, test } from './fixtures.ts'

test('an empty folder is refused with a sentence and a hint', async ({ app }) => {
  const page = await app.open()
  await chooseSources(app, await writeFolder(app, 'nothing here', {}))
  await expect(page.getByRole('alert')).toContainText('nothing here')
  await expect(page.getByRole('alert')).toContainText(/empty/i)
  await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).last().click()
  await expect(page.getByRole('heading', { name: 'Drop a folder of documents here' })).toBeVisible()
})

test('a folder without a readable file is refused with what can be read', async ({ app }) => {
  const page = await app.open()
  await chooseSources(app, await writeFolder(app, 'pictures', { 'one.png': 'x', 'two.jpg': 'x' }))
  await expect(page.getByRole('alert')).toContainText(/PDF/)
})

test('a storage folder that cannot be written is said so before anything starts', async ({ app }) => {
  const page = await app.open()
  const folder = await writeFolder(app, 'notes', { 'a.txt': 'Some text.\n' })
  await chooseSources(app, folder)
  await page.getByRole('textbox', { name: 'Storage folder' }).fill('/proc/stackroom/storage')
  await page.getByRole('button', { name: 'Index 1 file' }).click()
  await expect(page.getByRole('alert').first()).toBeVisible()
})
