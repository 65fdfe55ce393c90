/**
 * How fast is the bundled model, beside the same file under Python's onnxruntime with the same threads? The two take turns,
 * so that whatever else runs on the machine slows both. And how long is it from starting a program to its first vector?
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { createBundledTokenizer } from '#engine/embed/tokenizer.ts'
import { cosine } from '#engine/embed/vectors.ts'

const root = join(import.meta.dirname, '../..')
const resourcesFolder = join(root, 'resources')
const python = process.env['STACKROOM_PYTHON'] ?? join(root, '.venv/bin/python')
const threads = availableParallelism()
const runs = 5

export async function run(): Promise<void> {
  await using registry = new EmbedModelRegistry({ resourcesFolder, dataFolder: tmpdir() })
  const folder = registry.bundledModelFolder
  const texts = makeTexts(folder, 1000)
  const counter = createBundledTokenizer(folder)
  const tokens = texts.reduce((sum, text) => sum + counter.count(text), 0)
  const model = await registry.open(BUNDLED_MODEL_ID)
  const own: number[] = []
  const theirs: number[] = []
  await using reference = existsSync(python) ? startPython(folder) : null
  const warmUp = texts.slice(0, 64)
  const [first] = await model.embedDocuments(warmUp)
  if (reference) {
    const same = cosine(first!, Float32Array.from((await reference.embed(warmUp)).first))
    if (same < 0.9999) throw new Error(`The two do not make the same vectors: cosine ${same}.`)
  }
  for (let turn = 0; turn < runs; turn++) {
    const start = performance.now()
    await model.embedDocuments(texts)
    own.push((performance.now() - start) / 1000)
    if (reference) theirs.push((await reference.embed(texts)).seconds)
  }
  const starts: number[] = []
  for (let turn = 0; turn < runs; turn++) starts.push(await timeToFirstVector())

  console.log(
    `all-MiniLM-L6-v2, ${texts.length} texts of ${Math.round(tokens / texts.length)} tokens, ${threads} threads, medians of ${runs} runs that took turns.\n`,
  )
  console.log('| | texts/s | tokens/s | slowest to fastest run, texts/s |')
  console.log('|---|--:|--:|--:|')
  const row = (name: string, seconds: readonly number[]): void => {
    const rate = (time: number): string => (texts.length / time).toFixed(1)
    const range = `${rate(Math.max(...seconds))} to ${rate(Math.min(...seconds))}`
    console.log(`| ${name} | ${rate(median(seconds))} | ${Math.round(tokens / median(seconds))} | ${range} |`)
  }
  row('Stackroom', own)
  if (reference) {
    row('Python: onnxruntime + tokenizers', theirs)
    console.log(`\nStackroom to Python: ${(median(theirs) / median(own)).toFixed(2)} times (bar: 1.0).`)
  } else console.log(`\nNo Python at ${python}: \`npm run test:interop\` makes it.`)
  console.log(
    `\nFrom start of the process to the first vector: ${median(starts).toFixed(2)} s, slowest ${Math.max(...starts).toFixed(2)} s (bar: 1.5 s).`,
  )
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

const tokenizerSchema = z.object({ model: z.object({ vocab: z.record(z.string(), z.number()) }) })

/** Words of the model's vocabulary, 150 to 250 in a text, the same in every run. */
function makeTexts(modelFolder: string, count: number): string[] {
  const path = join(modelFolder, 'tokenizer.json')
  const { vocab } = tokenizerSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).model
  const words = Object.keys(vocab).filter((word) => /^[a-z]{2,}$/.test(word))
  let state = 1
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return Array.from({ length: count }, () =>
    Array.from({ length: 150 + random(101) }, () => words[random(words.length)]).join(' '),
  )
}

const answerSchema = z.object({ seconds: z.number(), first: z.array(z.number()) })

function startPython(modelFolder: string) {
  const script = join(import.meta.dirname, 'embed_reference.py')
  const child = spawn(python, [script, modelFolder, String(threads)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async embed(texts: readonly string[]): Promise<z.infer<typeof answerSchema>> {
      child.stdin.write(`${JSON.stringify(texts)}\n`)
      const line = await lines.next()
      if (line.done) throw new Error('The Python reference ended.')
      return answerSchema.parse(JSON.parse(line.value))
    },
    async [Symbol.asyncDispose](): Promise<void> {
      child.stdin.end()
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
    },
  }
}

async function timeToFirstVector(): Promise<number> {
  const start = performance.now()
  const script = join(import.meta.dirname, 'embed-first-vector.ts')
  const child = spawn(process.execPath, [script, resourcesFolder], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const seconds = (performance.now() - start) / 1000
  await new Promise((resolve) => child.once('exit', resolve))
  return seconds
}
