import AxeBuilder from '@axe-core/playwright'
import { expect, test } from './fixtures.ts'

test('a first start says what the app is for and offers the two ways in', async ({ app }) => {
  const page = await app.open()
  await expect(page.getByRole('heading', { name: 'Drop a folder of documents here' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'New knowledge base…' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Open storage folder…' })).toBeVisible()
  await expect(page).toHaveTitle('Stackroom')
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
