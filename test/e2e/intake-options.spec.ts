import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chooseSources, expectAccessible, job, notes, results, searchBox, writeFolder } from './actions.ts'
import { expect, test } from './fixtures.ts'

const sentence = 'The keeper lights the lamp at dusk, and its beam is seen twenty miles out at sea. '

for (const [colorScheme, width] of [
  ['light', 1400],
  ['dark', 700],
] as const) {
  test(`chunks are previewed before anything is indexed, ${colorScheme} and ${width} pixels wide`, async ({
    app,
  }) => {
    const page = await app.open({ colorScheme, width })
    const folder = await writeFolder(app, 'notes', { ...notes, 'long.txt': sentence.repeat(80) })
    await chooseSources(app, folder)
    await page.getByText('How they are cut').click()
    await page.getByRole('button', { name: 'Preview the chunks of a file…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Preview of chunks' })
    const facts = dialog.getByRole('status').first()
    await dialog.getByRole('combobox', { name: 'File' }).selectOption(join(folder, 'long.txt'))
    await expect(facts).toContainText(/^\d+ chunks/)
    await expect(facts).toContainText('all-MiniLM-L6-v2 reads 256 tokens at once')
    await expectAccessible(page)

    // smaller chunks are more, and what they share is marked
    await dialog.getByRole('combobox', { name: 'Node parser' }).selectOption('SentenceSplitter')
    await dialog.getByRole('spinbutton', { name: 'Chunk size, in tokens' }).fill('100')
    await dialog.getByRole('spinbutton', { name: 'Overlap, in tokens' }).fill('30')
    await expect(facts).toContainText('SentenceSplitter, 100 tokens with 30 overlapping')
    const chunks = dialog.getByRole('group', { name: 'Chunks' })
    await expect(chunks.locator('mark').first()).toContainText('The keeper lights the lamp')

    await chunks.focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await expect(chunks.getByRole('listitem').nth(1)).toBeFocused()
    await page.keyboard.press('End')
    await expect(chunks.getByRole('listitem').last()).toBeFocused()
    await dialog.getByRole('button', { name: 'Done' }).click()

    const persistDir = await page.getByRole('textbox', { name: 'Storage folder' }).inputValue()
    await page.getByRole('button', { name: 'Index 5 files' }).click()
    await expect(job(page)).toContainText('Indexed 5 documents')
    const settings = await readFile(join(persistDir, 'stackroom.json'), 'utf8')
    expect(settings).toMatch(/"chunk_?[sS]ize": ?100\b/)
  })
}

test('a file that cannot be cut says why, and another one can be taken', async ({ app }) => {
  const page = await app.open()
  const folder = await writeFolder(app, 'notes', { ...notes, 'broken.pdf': '%PDF-1.7 nothing more' })
  await chooseSources(app, folder)
  await page.getByText('How they are cut').click()
  await page.getByRole('button', { name: 'Preview the chunks of a file…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Preview of chunks' })
  await expect(dialog.getByRole('alert')).toBeVisible()
  await app.door.choose(join(folder, 'sea/tides.md'), () =>
    dialog.getByRole('button', { name: 'Another file…' }).click(),
  )
  await expect(dialog.getByRole('group', { name: 'Chunks' })).toContainText('The pull of the moon')
})

test('documents are cut by the node parser that was chosen', async ({ app }) => {
  const page = await app.open()
  const folder = await writeFolder(app, 'guide', {
    'guide.md':
      '# Bees\n\nA scout dances on the comb.\n\n# Bread\n\nLet the dough rise until it has doubled.\n',
  })
  await chooseSources(app, folder)
  await page.getByText('How they are cut').click()
  await page.getByRole('combobox', { name: 'Node parser' }).selectOption('MarkdownNodeParser')
  await page.getByRole('button', { name: 'Index 1 file' }).click()
  await expect(job(page)).toContainText('2 nodes')
  await searchBox(page).fill('baking')
  await expect(results(page).first()).toContainText('dough')
})

test('patterns narrow what is read, and the count follows while they are typed', async ({ app }) => {
  const page = await app.open()
  await chooseSources(app, await writeFolder(app, 'notes', { ...notes, '.hidden.txt': 'A secret.\n' }))
  await page.getByText('Which files').click()
  await page.getByRole('textbox', { name: 'Only files that match' }).fill('*.txt\n*.md')
  await expect(page.getByRole('button', { name: 'Index 3 files' })).toBeEnabled()
  await page.getByRole('textbox', { name: 'Leave out what matches' }).fill('kitchen')
  await expect(page.getByRole('button', { name: 'Index 2 files' })).toBeEnabled()
  await page.getByRole('checkbox', { name: 'Read hidden files and folders' }).check()
  await expect(page.getByRole('button', { name: 'Index 3 files' })).toBeEnabled()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Index 3 files' }).click()
  await expect(job(page)).toContainText('Indexed 3 documents')
  await page.getByRole('tab', { name: 'Sources' }).click()
  await expect(page.getByRole('listitem', { name: 'notes' })).toContainText(
    'only *.txt *.md, without kitchen, hidden files too',
  )
})

test('patterns that leave nothing keep the button from being pressed', async ({ app }) => {
  const page = await app.open()
  await chooseSources(app, await writeFolder(app, 'notes', notes))
  await page.getByText('Which files').click()
  await page.getByRole('textbox', { name: 'Only files that match' }).fill('*.nothing')
  await expect(page.getByRole('button', { name: 'Index 0 files' })).toBeDisabled()
  await page.getByRole('textbox', { name: 'Only files that match' }).fill('')
  await expect(page.getByRole('button', { name: 'Index 4 files' })).toBeEnabled()
})
