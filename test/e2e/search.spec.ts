import { indexFolder, notes, results, searchBox, writeFolder } from './actions.ts'
import { expect, test } from './fixtures.ts'

test('Space shows the whole document with the passage marked, and arrows go on to the next one', async ({
  app,
}) => {
  const page = await app.open()
  const long = Array.from(
    { length: 60 },
    (_, part) => `Chapter ${part}. ${'Filler about nothing. '.repeat(40)}`,
  )
  long[30] = 'Chapter 30. The moon raises the tide twice a day, and the harbour pilot knows when.'
  await indexFolder(app, await writeFolder(app, 'notes', { ...notes, 'long.txt': `${long.join('\n\n')}\n` }))
  await searchBox(page).fill('harbour pilot and tide')
  await expect(results(page).first()).toContainText('long.txt')

  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press(' ')
  const look = page.getByRole('dialog', { name: 'long.txt' })
  await expect(look.getByRole('note')).toContainText('harbour pilot knows')
  await expect(look.getByRole('note')).toBeInViewport()
  await expect(look.getByRole('note').locator('mark').first()).toBeVisible()
  const text = look.getByRole('group', { name: 'Text of the document' })
  await expect(text).toBeFocused()
  await page.keyboard.press('End')
  await expect(text).toContainText('Chapter 59.')
  await page.keyboard.press('Home')
  await expect(text).toContainText('Chapter 0.')

  await page.keyboard.press('ArrowDown')
  await expect(look).toBeHidden()
  await expect(page.getByRole('dialog').getByText(/^2 of \d+$/)).toBeVisible()
  await page.keyboard.press(' ')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(results(page).nth(1)).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByRole('listbox', { name: 'Results' })).toBeFocused()
  await expect(searchBox(page)).toHaveValue('harbour pilot and tide')
})

test('a hit is copied with the file it is from', async ({ app }) => {
  const page = await app.open()
  const folder = await writeFolder(app, 'notes', notes)
  await indexFolder(app, folder)
  await searchBox(page).fill('the pull of the moon')
  await expect(results(page).first()).toContainText('tides.md')
  await page.keyboard.press('ControlOrMeta+c')
  await expect(page.getByText('Copied with its source')).toBeVisible()
  await searchBox(page).fill('')
  await page.keyboard.press('ControlOrMeta+v')
  await expect(searchBox(page)).toHaveValue(/raises the sea twice a day\.\s+— tides\.md \(.*sea.tides\.md\)/)
})

test('what is typed while the arrows are in the results goes on in the search box', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  await searchBox(page).fill('bee')
  await expect(results(page).first()).toContainText('bees.html')
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('listbox', { name: 'Results' })).toBeFocused()
  await page.keyboard.type('s dancing')
  await expect(searchBox(page)).toHaveValue('bees dancing')
  await expect(searchBox(page)).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Backspace')
  await expect(searchBox(page)).toHaveValue('bees dancin')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Escape')
  await expect(searchBox(page)).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(searchBox(page)).toHaveValue('')
})

test('searches that led to a source can be asked again, and forgotten', async ({ app }) => {
  const page = await app.open()
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  for (const query of ['dough in an oven', 'dance of the bees']) {
    await searchBox(page).fill(query)
    await expect(results(page).first()).toBeVisible()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('note')).toBeVisible()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await expect(searchBox(page)).toHaveValue('')
  }
  // never opened, and gone at once
  await searchBox(page).fill('passing by')
  await searchBox(page).fill('')

  const past = page.getByRole('region', { name: 'Recent searches' }).getByRole('listitem')
  await expect(past).toHaveText(['dance of the bees', 'dough in an oven'])
  await page.keyboard.press('ArrowUp')
  await expect(searchBox(page)).toHaveValue('dance of the bees')
  await searchBox(page).fill('')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(searchBox(page)).toHaveValue('dough in an oven')
  await expect(results(page).first()).toContainText('bread.txt')

  await searchBox(page).fill('')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Delete')
  await expect(past).toHaveCount(1)
})

test('of a hundred results only those on screen are drawn, and End goes to the last', async ({ app }) => {
  const page = await app.open()
  const many = Object.fromEntries(
    Array.from({ length: 120 }, (_, index) => [`letter ${index}.txt`, `Letter ${index} from the harbour.\n`]),
  )
  await indexFolder(app, await writeFolder(app, 'letters', many))
  await searchBox(page).fill('a letter from the harbour')
  await expect(results(page).first()).toBeVisible()
  await page.getByRole('button', { name: 'Options of search' }).click()
  await page.getByRole('combobox', { name: 'Results at most' }).selectOption('100')
  await page.keyboard.press('Escape')
  await expect(results(page).first()).toHaveAttribute('aria-setsize', '100')
  expect(await results(page).count()).toBeLessThan(30)
  await searchBox(page).press('ArrowDown')
  await page.keyboard.press('End')
  const last = page.locator('[role="option"][aria-posinset="100"]')
  await expect(last).toHaveAttribute('aria-selected', 'true')
  await expect(last).toBeInViewport()
})
