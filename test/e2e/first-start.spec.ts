import AxeBuilder from '@axe-core/playwright'
import { job, results, searchBox } from './actions.ts'
import { expect, test } from './fixtures.ts'

test('a first start says what the app is for and offers the two ways in', async ({ app }) => {
  const page = await app.open()
  await expect(page.getByRole('heading', { name: 'Drop a folder of documents here' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'New knowledge base…' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Open storage folder…' })).toBeVisible()
  await expect(page).toHaveTitle('Stackroom')
})

test('one click indexes the sample documents and answers a first question', async ({ app }) => {
  const page = await app.open()
  await page.getByRole('button', { name: 'Try it with sample documents' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Sample' })).toBeVisible()
  await expect(searchBox(page)).toHaveValue('how do ships find their way at night')
  await expect(results(page).first()).toContainText('The lighthouse keeper.md')
  await expect(job(page)).toContainText('Indexed 12 documents')
  await expect(page.getByRole('alert')).toHaveCount(0)
  await searchBox(page).fill('insects telling each other where food is')
  await expect(results(page).first()).toContainText('Bees and their dance.html')
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [700, 1400]) {
    test(`the empty window is accessible, ${colorScheme} and ${width} pixels wide`, async ({ app }) => {
      const page = await app.open({ colorScheme, width })
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
      await page.getByRole('button', { name: 'Settings' }).click()
      await expect(page.getByRole('dialog', { name: 'Settings' })).toContainText('all-MiniLM-L6-v2')
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
    })
  }
}

test('the theme that was chosen is kept over a restart', async ({ app }) => {
  let page = await app.open({ colorScheme: 'light' })
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await background()
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('radio', { name: 'Dark' }).check()
  await expect.poll(background).not.toBe(light)
  const dark = await background()
  await app.close()
  page = await app.open({ colorScheme: 'light' })
  await expect.poll(background).toBe(dark)
})
