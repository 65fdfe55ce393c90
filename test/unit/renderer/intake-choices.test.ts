import { expect, test } from 'vitest'
import type { ChunkPreview, PreviewedNode, SentenceSplitterOptions } from '#contract'
import { chunkParts } from '../../../src-renderer/features/ingest/chunk-overlap.ts'
import { isStoreComplete } from '../../../src-renderer/features/ingest/intake-choice.ts'
import { escapeText, unescapeText } from '../../../src-renderer/features/ingest/escapes.ts'
import { describeRules, usualRules } from '../../../src-renderer/features/ingest/rules-text.ts'
import { fakeEngine, later, type Answers, type FakeEngine } from './fake-engine.ts'
import { bundled, estimate, inspection, job, knowledgeBase } from './samples.ts'

const sentenceSplitter: SentenceSplitterOptions = {
  className: 'SentenceSplitter',
  chunkSize: 254,
  chunkOverlap: 50,
  separator: ' ',
  paragraphSeparator: '\n\n\n',
  secondaryChunkingRegex: null,
}

async function asking(answers: Answers = {}, addTo: string | null = null): Promise<FakeEngine> {
  const engine = fakeEngine({
    'models.list': () => [bundled],
    'library.inspect': () => inspection,
    'library.list': () => [knowledgeBase],
    'models.estimate': () => estimate,
    'ingest.start': () => job,
    ...answers,
  })
  await engine.store.getState().loadModels()
  await engine.store.getState().loadLibrary()
  await engine.store.getState().takeIn(inspection.paths, addTo)
  return engine
}

const started = ({ asked }: FakeEngine): unknown => asked.find(({ name }) => name === 'ingest.start')?.input

test('whoever only presses the button gets the usual: all files, not watched, no text from pictures', async () => {
  const engine = await asking()
  await engine.store.getState().startIngest()
  expect(started(engine)).toEqual({
    paths: inspection.paths,
    persistDir: inspection.suggestedPersistDir,
    name: inspection.suggestedName,
    model: bundled.id,
    nodeParser: { className: 'SentenceSplitter' },
    source: { ...usualRules, watch: false },
  })
})

test('vectors go into a Chroma collection when that is chosen, and into the storage folder again when not', async () => {
  const engine = await asking()
  const { changeIntake } = engine.store.getState()
  changeIntake({ store: { at: '/home/ada/chroma', collection: ' notes ', metric: 'cosine' } })
  changeIntake({ store: null })
  changeIntake({ store: { at: 'http://localhost:8000', collection: '', metric: null } })
  await engine.store.getState().startIngest()
  expect(started(engine)).toMatchObject({ store: { address: 'chroma+http://localhost:8000' } })
  expect(started(engine)).not.toHaveProperty('store.collection')
  const { intake } = (await asking()).store.getState()
  expect(intake).toMatchObject({ choice: { store: null } })
  expect([null, '', 'a', 'ab', 'abc', 'ü-umlaut', 'my notes', 'my.notes-1'].map(complete)).toEqual([
    ...[true, true, false, false, true, false, false, true],
  ])
})

const complete = (collection: string | null): boolean =>
  isStoreComplete(collection === null ? null : { at: '/chroma', collection, metric: null })

test('rules, watching, text in pictures and the node parser go along when they are chosen', async () => {
  const engine = await asking()
  const { changeIntake } = engine.store.getState()
  changeIntake({ nodeParser: { className: 'TokenTextSplitter', chunkSize: 200 } })
  changeIntake({ watch: true })
  changeIntake({ recognizeText: true, rules: { ...usualRules, include: ['*.png'] } })
  await expect
    .poll(() => {
      const { intake } = engine.store.getState()
      return intake?.step === 'asking' && intake.counting
    })
    .toBe(false)
  await engine.store.getState().startIngest()
  expect(started(engine)).toMatchObject({
    nodeParser: { className: 'TokenTextSplitter', chunkSize: 200 },
    source: { include: ['*.png'], watch: true },
    recognizeText: ['eng'],
  })
})

test('a knowledge base that exists goes on with the node parser it was built with', async () => {
  const engine = await asking({}, knowledgeBase.id)
  engine.store.getState().changeIntake({ nodeParser: { className: 'CodeSplitter' } })
  await engine.store.getState().startIngest()
  expect(started(engine)).not.toHaveProperty('nodeParser')
  expect(started(engine)).toMatchObject({ persistDir: knowledgeBase.persistDir })
})

test('patterns are counted once for the last of what was typed, and nothing starts before that', async () => {
  const counted = later<typeof inspection>()
  const engine = await asking()
  engine.answers['library.inspect'] = () => counted.promise
  for (const glob of ['*', '*.', '*.md'])
    engine.store.getState().changeIntake({ rules: { ...usualRules, include: [glob] } })
  const inspections = () => engine.asked.filter(({ name }) => name === 'library.inspect')
  await expect.poll(inspections).toHaveLength(2)
  expect(inspections()[1]?.input).toMatchObject({ rules: { include: ['*.md'] }, recognizeText: false })
  await engine.store.getState().startIngest()
  expect(started(engine)).toBeUndefined()
  counted.resolve({ ...inspection, readableFiles: 3 })
  await expect
    .poll(() => {
      const { intake } = engine.store.getState()
      return intake?.step === 'asking' && intake.inspection.readableFiles
    })
    .toBe(3)
})

test('where nothing can be read, other rules can be tried', async () => {
  const error = { code: 'no-readable-files', message: 'None of the files can be read.' } as const
  const { store } = await asking({ 'library.inspect': () => ({ ...inspection, readableFiles: 0, error }) })
  expect(store.getState().intake).toMatchObject({ step: 'failed', error })
  store.getState().askAllTheSame()
  expect(store.getState().intake?.step).toBe('asking')
})

const noChunks: ChunkPreview = {
  path: '',
  bytes: 0,
  nodeParser: { className: 'JSONNodeParser', otherFiles: sentenceSplitter },
  cutBy: 'SentenceSplitter',
  tokenizer: bundled.id,
  model: bundled.id,
  maximumTokens: 256,
  totalDocuments: 0,
  totalNodes: 0,
  tokensPerNode: null,
  documents: [],
  truncated: false,
}

test('the preview shows what was chosen last, of the file that was chosen last', async () => {
  const first = later<ChunkPreview>()
  const result = (path: string): ChunkPreview => ({ ...noChunks, path })
  const engine = await asking({
    'ingest.preview': ({ path }) => (path === inspection.sampleFiles[0] ? first.promise : result(path)),
  })
  const { store } = engine
  store.getState().openPreview()
  expect(store.getState().preview).toMatchObject({ path: inspection.sampleFiles[0], loading: true })
  store.getState().previewFile('/home/ada/elsewhere.txt')
  await expect.poll(() => store.getState().preview?.result?.path).toBe('/home/ada/elsewhere.txt')
  first.resolve(result('late'))
  await first.promise
  expect(store.getState().preview?.result?.path).toBe('/home/ada/elsewhere.txt')
  expect(store.getState().preview?.files[0]).toBe('/home/ada/elsewhere.txt')
})

const node = (text: string, startCharIdx: number | null): PreviewedNode => ({
  text,
  truncated: false,
  startCharIdx,
  endCharIdx: startCharIdx === null ? null : startCharIdx + Array.from(text).length,
  tokens: 1,
  embedTokens: 2,
  metadata: {},
})

test('what two chunks share is told by where they stand, counted in code points', () => {
  const nodes = [node('one 🐝 two', 0), node('🐝 two three', 4), node('elsewhere', null)]
  expect(chunkParts(nodes, 0)).toEqual({ before: '', own: 'one ', after: '🐝 two' })
  expect(chunkParts(nodes, 1)).toEqual({ before: '🐝 two', own: ' three', after: '' })
  expect(chunkParts(nodes, 2)).toEqual({ before: '', own: 'elsewhere', after: '' })
})

test('a chunk that lies in the one before as a whole is shared as a whole', () => {
  const nodes = [node('abcdef', 0), node('cd', 2), node('cdef', 2)]
  expect(chunkParts(nodes, 1)).toEqual({ before: 'cd', own: '', after: '' })
})

test('line breaks in an option are typed as \\n and come back as they were', () => {
  const text = '\n\n\n\t\\ a'
  expect(escapeText(text)).toBe('\\n\\n\\n\\t\\\\ a')
  expect(unescapeText(escapeText(text))).toBe(text)
  expect(unescapeText('\\d+')).toBe('\\d+')
})

test('only what is not as usual is told of the rules', () => {
  expect(describeRules(usualRules)).toBeNull()
  expect(describeRules({ ...usualRules, include: ['*.md', 'a', 'b', 'c'], maximumBytes: 5_000_000 })).toBe(
    'only *.md a b and 1 more, up to 5 MB',
  )
})
