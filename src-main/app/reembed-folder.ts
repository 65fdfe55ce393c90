/**
 * Embeds all nodes of a folder again with another model. What is embedded is kept as it comes: begun again, it goes on where
 * it was. The new vectors take the place of the old in one step at the end.
 */
import { StackroomError, type IngestReport, type JobProgress } from '#contract'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import type { TextPage } from '#engine/storage/replace-vectors.ts'
import type { StorageFolder, VectorReplacement } from '#engine/storage/storage-folder.ts'
import type { EngineServices } from './engine-services.ts'
import { emptySettings } from './new-settings.ts'

/** Nodes of one step: what is added at once. */
const pageNodes = 256

export interface ReembedOptions {
  readonly model: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: JobProgress) => void
}

/** @throws StackroomError `read-only`, `missing-file`, `consent-required`, what the model throws, or the signal's reason. */
export async function reembedFolder(
  { models, checks }: EngineServices,
  storage: StorageFolder,
  options: ReembedOptions,
): Promise<IngestReport> {
  const started = performance.now()
  const { signal } = options
  const summary = await storage.summary()
  if (summary.readOnly)
    throw new StackroomError(
      'read-only',
      'This folder can only be read, so its vectors cannot be replaced.',
      {
        hint: 'Copy the folder to a place where you may write, and open the copy.',
      },
    )
  await models.requireConsent(options.model, storage.persistDir)
  const { model, metadataMode } = await checks.reembeddingWith(storage, options.model, signal)
  const identity = { ...model.identity, metadataMode }
  const key = JSON.stringify(Object.entries(identity).sort(([a], [b]) => (a < b ? -1 : 1)))
  const { done, total } = await storage.replacement.begin(
    { key, dimensions: identity.dimensions, metadataMode },
    { signal },
  )
  const progress = new ReembedProgress(summary.documents, done, total, options.onProgress)
  const withoutText = await embedAll(storage, model, progress, signal)

  progress.phase('persisting')
  // the old vectors are kept as LlamaIndex's own file, which has to have them all
  await storage.persist(signal ? { signal } : {})
  const { settings } = await storage.summary()
  await storage.replacement.finish({
    ...(settings ?? emptySettings(storage.persistDir)),
    embedModel: { ...identity },
  })
  await checks.noteReplaced(storage, identity)
  await storage.persist()
  progress.phase('done')
  return {
    documents: summary.documents,
    nodes: progress.nodes,
    skipped: withoutText,
    unchanged: 0,
    failed: [],
    failedFiles: 0,
    added: 0,
    changed: 0,
    moved: 0,
    removed: 0,
    missing: 0,
    unavailable: [],
    seconds: (performance.now() - started) / 1000,
  }
}

/** Once through all nodes, and again for those that came meanwhile. Says how many have no text. */
async function embedAll(
  { replacement }: StorageFolder,
  model: EmbedModel,
  progress: ReembedProgress,
  signal: AbortSignal | undefined,
): Promise<number> {
  for (;;) {
    const { embedded, withoutText } = await embedPages(replacement, model, progress, signal)
    if (embedded === 0) return withoutText
  }
}

/** One page is put away while the next is embedded. */
async function embedPages(
  replacement: VectorReplacement,
  model: EmbedModel,
  progress: ReembedProgress,
  signal: AbortSignal | undefined,
): Promise<{ embedded: number; withoutText: number }> {
  let adding: Promise<void> = Promise.resolve()
  let embedded = 0
  let withoutText = 0
  try {
    for (let page: number | null = 0; page !== null;) {
      signal?.throwIfAborted()
      const { texts, next, ...found }: TextPage = await replacement.texts(page, pageNodes)
      withoutText += found.withoutText
      page = next
      if (texts.length === 0) continue
      const vectors = await model.embedDocuments(
        texts.map(({ text }) => text),
        {
          signal,
          onVectors: (indices) => {
            progress.add(indices.length)
            return Promise.resolve()
          },
        },
      )
      embedded += texts.length
      await adding
      adding = replacement.add(
        texts.map(({ nodeId, textHash }, index) => ({ nodeId, textHash, vector: vectors[index]! })),
      )
      // a failure surfaces where the next page, or the end, waits for it
      adding.catch(() => undefined)
    }
  } finally {
    await adding
  }
  return { embedded, withoutText }
}

class ReembedProgress {
  readonly #documents: number
  readonly #before: number
  readonly #total: number
  readonly #onProgress: ReembedOptions['onProgress']
  readonly #started = performance.now()
  #done = 0
  #phase: JobProgress['phase'] = 'indexing'

  constructor(documents: number, before: number, total: number, onProgress: ReembedOptions['onProgress']) {
    this.#documents = documents
    this.#before = before
    this.#total = total
    this.#onProgress = onProgress
    this.#tell()
  }

  get nodes(): number {
    return this.#before + this.#done
  }

  add(nodes: number): void {
    this.#done += nodes
    this.#tell()
  }

  phase(phase: JobProgress['phase']): void {
    this.#phase = phase
    this.#tell()
  }

  #tell(): void {
    const seconds = (performance.now() - this.#started) / 1000
    const perSecond = this.#done > 0 && seconds > 0 ? this.#done / seconds : null
    const left = Math.max(0, this.#total - this.nodes)
    this.#onProgress?.({
      phase: this.#phase,
      filesDone: 0,
      filesTotal: 0,
      bytesDone: 0,
      bytesTotal: 0,
      documents: this.#documents,
      nodes: this.nodes,
      nodesTotal: this.#total,
      failed: 0,
      skipped: 0,
      nodesPerSecond: perSecond,
      secondsLeft: perSecond === null || this.#phase !== 'indexing' ? null : left / perSecond,
      currentFile: null,
    })
  }
}
