/** Calls a model with sentences of Stackroom's own: does it work, does it make sense, how fast is it here? */
import { StackroomError, toErrorShape, type ModelTest } from '#contract'
import { cosine } from '#engine/embed/vectors.ts'
import type { Models } from './models.ts'

const sentences = [
  'The cat is sleeping on the warm windowsill.',
  'A kitten naps in the sun by the window.',
  'The central bank raised interest rates by half a point.',
] as const

/** About 200 tokens each, as nodes are. */
const paragraph =
  'A stackroom is the part of a library where the books themselves are kept, away from the readers. Its shelves are numbered, ' +
  'its air is kept dry, and whoever works there knows by heart where the atlases end and the almanacs begin. A slip of paper comes ' +
  'down with a name on it and a number, somebody walks along the rows, takes out what was asked for, leaves the slip in the gap, ' +
  'and sends the book upstairs. In the evening everything is carried back, and the slips are counted. '
const measuredMs = 3000
const textsAtOnce = 32
const mostTexts = 256

export async function testModel(models: Models, id: string, signal: AbortSignal): Promise<ModelTest> {
  const result = { id, ok: false, dimensions: null, latencyMs: null, makesSense: null, error: null }
  try {
    const model = await models.openUncached(id, signal)
    const [a, b, c] = await model.embedDocuments(sentences, { signal, urgent: true })
    const started = performance.now()
    await model.embedQuery(sentences[0], { signal })
    const latencyMs = performance.now() - started
    const makesSense = a && b && c ? cosine(a, b) > Math.max(cosine(a, c), cosine(b, c)) : null
    return { ...result, ok: true, dimensions: model.identity.dimensions, latencyMs, makesSense }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof StackroomError)) throw error
    return { ...result, error: toErrorShape(error) }
  }
}

/** Texts a second, once the model is loaded. */
export async function measureModel(models: Models, id: string, signal: AbortSignal): Promise<number> {
  const model = await models.openUncached(id, signal)
  await model.embedQuery(sentences[0], { signal })
  // somebody's server is not asked for more than one batch
  const limit = models.remoteServerOf(id) === null ? mostTexts : textsAtOnce
  const started = performance.now()
  let done = 0
  while (done < limit && (done === 0 || performance.now() - started < measuredMs)) {
    const texts = Array.from({ length: textsAtOnce }, (_, i) => `${done + i}. ${paragraph}${paragraph}`)
    await model.embedDocuments(texts, { signal })
    done += textsAtOnce
  }
  const perSecond = (done * 1000) / (performance.now() - started)
  return Math.round(perSecond * 10) / 10
}
