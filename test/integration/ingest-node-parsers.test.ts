/** Node parsers through the app: chosen for an index, recorded, kept to; and the preview of one file. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chunkPreviewSchema } from '#contract'
import { EngineServices } from '#app/engine-services.ts'
import { indexFolder } from '#app/index-folder.ts'
import { previewFile } from '#app/preview-file.ts'
import { readSettings } from '#engine/storage/stackroom-settings-file.ts'

const { signal } = new AbortController()
let folder: string
let services: EngineServices

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-node-parsers-'))
  services = new EngineServices({
    dataFolder: join(folder, 'data'),
    resourcesFolder: resolve(import.meta.dirname, '../../resources'),
  })
})

afterEach(async () => {
  await services.close()
  await rm(folder, { recursive: true, force: true })
})

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const manual = '# Tea\n\nGreen tea.\n\n## Water\n\nEighty degrees.\n'

test('an index keeps to the node parser it was built with', async () => {
  const persistDir = join(folder, 'storage')
  const index = (name: string, nodeParser?: Parameters<typeof indexFolder>[1]['nodeParser']) =>
    indexFolder(services, { paths: [join(folder, name)], persistDir, nodeParser })
  await file('one.md', manual)
  await file('two.md', manual.replaceAll('ea', 'EA'))
  await file('three.txt', 'One sentence. Another.')

  const { report } = await index('one.md', { className: 'MarkdownNodeParser' })
  expect(report).toMatchObject({ documents: 1, nodes: 2, failed: [] })
  expect(readSettings(persistDir)?.transformations).toEqual([
    expect.objectContaining({
      className: 'MarkdownNodeParser',
      header_path_separator: '/',
      other_files: expect.objectContaining({ className: 'SentenceSplitter', chunk_size: 254 }) as unknown,
      tokenizer: 'bundled:all-MiniLM-L6-v2',
    }),
  ])

  await expect(index('two.md', { className: 'SentenceSplitter' })).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('MarkdownNodeParser') as unknown,
  })
  expect((await index('two.md')).report).toMatchObject({ nodes: 2 })
  expect((await index('three.txt', { className: 'MarkdownNodeParser' })).report).toMatchObject({ nodes: 1 })

  const docstore: unknown = JSON.parse(await readFile(join(persistDir, 'docstore.json'), 'utf8'))
  expect(JSON.stringify(docstore)).toContain('"header_path":"/Tea/"')
  expect(readSettings(persistDir)?.transformations).toHaveLength(1)
})

test('an impossible choice leaves no folder behind', async () => {
  const path = await file('one.md', manual)
  const persistDir = join(folder, 'storage')
  const nodeParser = { className: 'SentenceSplitter', chunkSize: 10, chunkOverlap: 11 } as const
  await expect(indexFolder(services, { paths: [path], persistDir, nodeParser })).rejects.toMatchObject({
    code: 'invalid-input',
  })
  expect(readSettings(persistDir)).toBeNull()
})

test('a preview shows the nodes that indexing would make', async () => {
  const text = `${'Tea is steeped in water. '.repeat(100)}\n\n\n${'Water is warm. '.repeat(200)}`
  const path = await file('tea.txt', text)
  const preview = chunkPreviewSchema.parse(await previewFile(services, { path }, signal))
  expect(preview).toMatchObject({
    path,
    bytes: text.length,
    cutBy: 'SentenceSplitter',
    nodeParser: { className: 'SentenceSplitter', chunkSize: 254, chunkOverlap: 50 },
    tokenizer: 'bundled:all-MiniLM-L6-v2',
    model: 'bundled:all-MiniLM-L6-v2',
    totalDocuments: 1,
    truncated: false,
  })
  const [document] = preview.documents
  expect(document).toMatchObject({ id: path, characters: text.length, metadata: { file_name: 'tea.txt' } })
  const nodes = document?.nodes ?? []
  expect(nodes.length).toBe(preview.totalNodes)
  expect(nodes.length).toBeGreaterThan(3)
  for (const node of nodes) {
    expect(text.slice(node.startCharIdx ?? 0, node.endCharIdx ?? 0)).toBe(node.text)
    expect(node.embedTokens).toBeGreaterThan(node.tokens)
    expect(node.embedTokens).toBeLessThanOrEqual(254)
    expect(node.metadata).toEqual({})
  }

  await indexFolder(services, { paths: [path], persistDir: join(folder, 'storage') })
  const docstore = await readFile(join(folder, 'storage', 'docstore.json'), 'utf8')
  for (const node of nodes) expect(docstore).toContain(JSON.stringify(node.text))
})

test('a preview is cut as the index it is for, and by the file’s kind', async () => {
  const path = await file('one.md', manual)
  const persistDir = join(folder, 'storage')
  await indexFolder(services, { paths: [path], persistDir, nodeParser: { className: 'MarkdownNodeParser' } })
  const markdown = await previewFile(services, { path, persistDir }, signal)
  expect(markdown).toMatchObject({ cutBy: 'MarkdownNodeParser', totalNodes: 2 })
  expect(markdown.documents[0]?.nodes[1]?.metadata).toEqual({ header_path: '/Tea/' })
  const text = await file('one.txt', manual)
  expect(await previewFile(services, { path: text, persistDir }, signal)).toMatchObject({
    cutBy: 'SentenceSplitter',
    nodeParser: { className: 'MarkdownNodeParser' },
    totalNodes: 1,
  })
  const wrong = previewFile(
    services,
    { path, persistDir, nodeParser: { className: 'JSONNodeParser' } },
    signal,
  )
  await expect(wrong).rejects.toMatchObject({ code: 'invalid-input' })
})

test('HTML keeps its tags for HTMLNodeParser alone', async () => {
  const page =
    '<html><body><nav><a href="/">Home</a></nav><main><h1>Tea</h1><p>Green.</p></main></body></html>'
  const path = await file('tea.html', page)
  const own = await previewFile(services, { path, nodeParser: { className: 'HTMLNodeParser' } }, signal)
  expect(own.documents[0]?.nodes.map(({ text, metadata }) => [text, metadata])).toEqual([
    ['Tea', { tag: 'h1' }],
    ['Green.', { tag: 'p' }],
  ])
  expect(own.documents[0]?.characters).toBe(page.length)
  const bare = await file('bare.html', '<div>Only a block of text.</div>')
  const other = await previewFile(
    services,
    { path: bare, nodeParser: { className: 'HTMLNodeParser' } },
    signal,
  )
  expect(other).toMatchObject({ cutBy: 'SentenceSplitter', totalNodes: 1 })
  expect(other.documents[0]?.nodes[0]?.text).toBe('Only a block of text.')
})

test('a preview is small, however large the file', async () => {
  const path = await file('long.txt', 'A sentence that is there again and again. '.repeat(20_000))
  const preview = await previewFile(
    services,
    { path, nodeParser: { className: 'SentenceWindowNodeParser' } },
    signal,
  )
  expect(preview).toMatchObject({ totalNodes: 20_000, truncated: true })
  expect(preview.documents[0]?.nodes).toHaveLength(200)
  expect(JSON.stringify(preview).length).toBeLessThan(1_000_000)
})

test('what cannot be previewed says why', async () => {
  await expect(previewFile(services, { path: folder }, signal)).rejects.toMatchObject({
    code: 'invalid-input',
  })
  const path = await file('empty.txt', '')
  await expect(previewFile(services, { path }, signal)).rejects.toMatchObject({ code: 'empty-file' })
  const gone = previewFile(services, { path: join(folder, 'gone') }, signal)
  await expect(gone).rejects.toMatchObject({ code: 'path-missing' })
})
