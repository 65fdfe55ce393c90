import { expect, test } from 'vitest'
import { StackroomError } from '#contract'
import {
  azureService,
  keyNameFor,
  otherService,
} from '../../../src-renderer/features/models/servers-slice.ts'
import { fakeEngine, later, type FakeEngine } from './fake-engine.ts'
import { bundled, ollama, openai } from './samples.ts'

const key = 'sk-planted-3f9a'

/** Everything that the state was, from now on, as text. */
function watch({ store }: FakeEngine): string[] {
  const seen = [JSON.stringify(store.getState())]
  store.subscribe((state) => seen.push(JSON.stringify(state)))
  return seen
}

async function opened(answers: Parameters<typeof fakeEngine>[0] = {}): Promise<FakeEngine> {
  const engine = fakeEngine({
    'models.servers': () => [openai, ollama],
    'models.list': () => [bundled],
    'models.saveServer': (input) => ({ ...openai, name: input.name, origin: 'changed' }),
    'models.ofServer': () => [{ id: 'openai:text-embedding-3-small', canEmbed: true }],
    ...answers,
  })
  await engine.store.getState().loadServers()
  engine.store.getState().openServerForm(null)
  return engine
}

test('a key is handed to the engine and never becomes part of the window’s state', async () => {
  const saved = later<typeof openai>()
  const engine = await opened({ 'models.saveServer': () => saved.promise })
  const seen = watch(engine)
  const saving = engine.store.getState().saveServer(key)
  saved.resolve(openai)
  await saving
  expect(engine.asked.find(({ name }) => name === 'models.saveServer')?.input).toMatchObject({ key })
  expect(seen.length).toBeGreaterThan(2)
  expect(seen.join()).not.toContain(key)
})

test('a key that was refused does not stay in the state either', async () => {
  const engine = await opened({
    'models.ofServer': () => {
      throw new StackroomError('wrong-key', 'openai does not accept the key.', { hint: 'Enter it again.' })
    },
  })
  const seen = watch(engine)
  await engine.store.getState().saveServer(key)
  const { serverForm } = engine.store.getState()
  expect(serverForm).toMatchObject({ saved: true, working: null, error: { code: 'wrong-key' } })
  expect(seen.join()).not.toContain(key)
})

test('a server that answers shows its models', async () => {
  const engine = await opened()
  await engine.store.getState().saveServer(key)
  const { serverForm, modelPicker } = engine.store.getState()
  expect(serverForm).toBeNull()
  expect(modelPicker).toMatchObject({ server: 'openai', found: [{ canEmbed: true }] })
})

test('a server that does not list its models is one whose models are named by hand', async () => {
  const engine = await opened({
    'models.ofServer': () => {
      throw new StackroomError('not-found', 'tei does not list its models.', { hint: 'Name the model.' })
    },
  })
  await engine.store.getState().saveServer(null)
  const { serverForm, modelPicker } = engine.store.getState()
  expect(serverForm).toBeNull()
  expect(modelPicker).toMatchObject({ server: 'openai', found: [], error: null })
})

test('a form that was closed while its server was asked stays closed', async () => {
  const answer = later<[]>()
  const engine = await opened({ 'models.ofServer': () => answer.promise })
  const saving = engine.store.getState().saveServer(null)
  engine.store.getState().closeServerForm()
  answer.resolve([])
  await saving
  expect(engine.store.getState().serverForm).toBeNull()
  expect(engine.store.getState().modelPicker).toBeNull()
})

test('without a key nothing is said about one, and the stored one stays', async () => {
  const engine = await opened()
  engine.store.getState().changeServerDraft({ service: 'ollama' })
  await engine.store.getState().saveServer(null)
  expect(engine.asked.find(({ name }) => name === 'models.saveServer')?.input).toEqual({
    name: 'ollama',
    kind: 'compatible',
    baseUrl: ollama.baseUrl,
  })
})

test('a service of one’s own gets a name for its key, as environment variables are named', async () => {
  const engine = await opened()
  const { changeServerDraft, saveServer } = engine.store.getState()
  changeServerDraft({ service: otherService })
  changeServerDraft({ name: 'my-gpu.box', baseUrl: 'http://10.0.0.7:8000/v1' })
  await saveServer(key)
  expect(engine.asked.find(({ name }) => name === 'models.saveServer')?.input).toEqual({
    name: 'my-gpu.box',
    kind: 'compatible',
    baseUrl: 'http://10.0.0.7:8000/v1',
    keyName: 'MY_GPU_BOX_API_KEY',
    key,
  })
  expect(keyNameFor('7b')).toBe('SERVER_7B_API_KEY')
})

test('Azure is not asked for a list that it does not have', async () => {
  const engine = await opened({
    'models.saveServer': (input) => ({ ...openai, name: input.name, kind: input.kind }),
  })
  const { changeServerDraft, saveServer } = engine.store.getState()
  changeServerDraft({ service: azureService })
  changeServerDraft({ baseUrl: 'https://mine.openai.azure.com' })
  await saveServer(key)
  expect(engine.asked.find(({ name }) => name === 'models.saveServer')?.input).toMatchObject({
    name: 'azure',
    kind: 'azure',
    apiVersion: '2024-10-21',
    keyName: 'AZURE_OPENAI_API_KEY',
  })
  expect(engine.asked.map(({ name }) => name)).not.toContain('models.ofServer')
  expect(engine.store.getState().modelPicker).toMatchObject({ server: 'azure', found: [] })
})
