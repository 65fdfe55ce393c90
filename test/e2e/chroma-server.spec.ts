import { createServer, request } from 'node:http'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openChromaEngine } from '#engine/stores/chroma/open-chroma-store.ts'
import { engineCache, fillCollection } from '../integration/chroma-collections.ts'
import { expectAccessible, results, searchBox } from './actions.ts'
import { expect, test, type App } from './fixtures.ts'

const token = 'ck-planted-token-31415926'

/** A real Chroma that answers only to the token. */
async function startServer(app: App): Promise<{ url: string } & AsyncDisposable> {
  const folder = join(app.folder, 'on the server')
  const record = { id: 'lamp', document: 'The keeper lights the lamp at dusk.', metadata: { page: 1 } }
  await fillCollection(folder, 'shelf', [record], 'default')
  await fillCollection(folder, 'mail', [{ ...record, document: 'Dear Ada, the bees came back.' }], 'default')
  const engine = openChromaEngine({ folder, cacheFolder: engineCache, migrate: false })
  const server = createServer((incoming, outgoing) => {
    if (incoming.headers['x-chroma-token'] !== token) {
      outgoing.writeHead(401).end('{"error":"AuthError","message":"no"}')
      return
    }
    void engine.use(async (address) => {
      const { method, headers, url = '' } = incoming
      const passed = request(address + url, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      })
      incoming.pipe(passed)
      await once(outgoing, 'close')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await engine.close()
    },
  }
}

for (const [colorScheme, width] of [
  ['light', 1400],
  ['dark', 700],
] as const) {
  test(`a collection of a Chroma server is opened with a token, ${colorScheme} and ${width} pixels wide`, async ({
    app,
  }) => {
    await using server = await startServer(app)
    const page = await app.open({ colorScheme, width })
    await page.getByRole('button', { name: 'Connect to a vector store' }).click()
    const form = page.getByRole('dialog', { name: 'Connect to a vector store' })
    await form.getByRole('textbox', { name: 'Address of the Chroma server' }).fill(server.url)
    await form.getByRole('button', { name: 'Test connection' }).click()
    await expect(form.getByRole('alert')).toBeVisible()
    await expectAccessible(page)

    const field = form.getByLabel('Token (if it wants one)')
    await field.fill(token)
    await form.getByRole('button', { name: 'Test connection' }).click()
    await expect(form).toContainText('It answers: 2 collections.')
    await expect(form).toContainText('One is stored. It is not shown again.')
    await expect(field).toHaveValue('')
    await expectAccessible(page)

    await form.getByRole('button', { name: 'Connect', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: `Chroma at ${new URL(server.url).host}` })
    await dialog.getByRole('checkbox', { name: /^shelf/ }).check()
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Open collection' }).click()
    await expect(page.getByRole('list', { name: 'About this knowledge base' })).toContainText(
      'Chroma collection shelf',
    )
    await searchBox(page).fill('a light')
    await expect(results(page).first()).toContainText('The keeper lights the lamp')

    // a server has no folder here
    await page.getByRole('button', { name: 'More about this knowledge base' }).click()
    await expect(page.getByRole('menuitem', { name: 'Copy address' })).toBeVisible()
    await expect(page.getByRole('menuitem', { name: 'Check this folder…' })).toBeHidden()
    await page.keyboard.press('Escape')
    expect(await page.content()).not.toContain(token)
    await app.close()
    expect(await readFile(join(app.folder, 'data/library.json'), 'utf8')).not.toContain(token)
  })
}

test('a server that is not there is said in the form, and the form keeps what was typed', async ({ app }) => {
  const page = await app.open()
  await page.getByRole('button', { name: 'Connect to a vector store' }).click()
  const form = page.getByRole('dialog', { name: 'Connect to a vector store' })
  const address = form.getByRole('textbox', { name: 'Address of the Chroma server' })
  // port 9 is “discard”: nobody listens there
  await address.fill('http://127.0.0.1:9')
  await page.keyboard.press('Enter')
  await expect(form.getByRole('alert')).toContainText('127.0.0.1:9')
  await expect(address).toHaveValue('http://127.0.0.1:9')
  await page.keyboard.press('Escape')
  await expect(form).toBeHidden()
})
