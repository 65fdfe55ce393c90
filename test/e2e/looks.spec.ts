import { expectAccessible, indexFolder, notes, results, searchBox, writeFolder } from './actions.ts'
import { expect, test } from './fixtures.ts'

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [700, 1400]) {
    test(`results and source are accessible and fit, ${colorScheme} and ${width} pixels wide`, async ({
      app,
    }) => {
      const page = await app.open({ colorScheme, width })
      const folder = await writeFolder(app, 'notes', notes)
      await indexFolder(app, folder)
      await searchBox(page).fill('a light for ships at sea')
      await expect(results(page).first()).toContainText('lighthouse.txt')
      const check = (): Promise<void> => expectAccessible(page)
      await check()
      await page.getByRole('button', { name: 'Add a filter' }).click()
      await expect(page.getByRole('dialog', { name: 'Filters' })).toBeVisible()
      await check()
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Options of search' }).click()
      await page.getByRole('checkbox', { name: 'Prefer variety (MMR)' }).check()
      await check()
      await page.keyboard.press('Escape')

      await searchBox(page).press('ArrowDown')
      await page.keyboard.press('ArrowRight')
      await expect(page.locator('.unfolded-end').first()).toBeVisible()
      await check()
      await page.keyboard.press(' ')
      await expect(page.getByRole('dialog').getByRole('note')).toBeVisible()
      await check()
      await page.keyboard.press('Escape')
      await page.keyboard.press('Enter')
      await expect(page.getByRole('note')).toBeVisible()
      await check()
      await page.keyboard.press('Escape')

      await page.getByRole('button', { name: 'By document' }).click()
      await searchBox(page).fill('ships path:sea -"dough that rises"')
      await expect(page.locator('.group-heading').first()).toBeVisible()
      await check()
      await searchBox(page).pressSequentially(' type:')
      await expect(page.getByRole('listbox', { name: 'Completions' })).toBeVisible()
      await check()
      await searchBox(page).fill('ships type:pdf')
      await expect(page.getByText('Nothing found.')).toBeVisible()
      await check()
    })
  }
}

test('in a narrow window the library slides in and out', async ({ app }) => {
  const page = await app.open({ width: 700 })
  await indexFolder(app, await writeFolder(app, 'notes', notes))
  const library = page.getByRole('complementary', { name: 'Library' })
  await expect(library).toBeHidden()
  await page.getByRole('button', { name: 'Library' }).click()
  await expect(library).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(library).toBeHidden()
})
