/** How one file would be cut into nodes: read and parsed in a reader worker, not embedded and not kept. */
import { stat } from 'node:fs/promises'
import { StackroomError, type ChunkPreview, type ParsedInput } from '#contract'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import { toFileError } from '#engine/ingest/file-errors.ts'
import type { PreviewLimits } from '#engine/ingest/preview-of.ts'
import type { EngineServices } from './engine-services.ts'
import { nodeParserFor } from './node-parsers.ts'
import { realPath } from './open-folders.ts'

/** About half a megabyte at most. */
const limits: PreviewLimits = { documents: 50, nodes: 200, textCharacters: 20_000, allCharacters: 400_000 }

/** @throws StackroomError about the file, as indexing it would report; `invalid-input`, `no-such-model` */
export async function previewFile(
  { models, readerPool, folders }: EngineServices,
  input: ParsedInput<'ingest.preview'>,
  signal: AbortSignal,
): Promise<ChunkPreview> {
  const path = await realPath(input.path)
  const stats = await stat(path).catch((error: unknown) => Promise.reject(toFileError(error) as Error))
  if (!stats.isFile())
    throw new StackroomError('invalid-input', `${path} is not a file.`, {
      hint: 'A preview is of one file: choose one in the folder.',
    })
  const settings = input.persistDir === undefined ? null : await folders.settingsOf(input.persistDir)
  const { id, maximumTokens } = models.info(input.model ?? settings?.embedModel?.id ?? BUNDLED_MODEL_ID)
  const parserSettings = nodeParserFor(models, {
    settings,
    model: { id, maximumTokens },
    input: input.nodeParser,
  })
  const recognizeText = input.recognizeText === undefined ? settings?.recognizeText : input.recognizeText
  const preview = await readerPool.preview(
    { path, recognizeText: recognizeText ?? undefined },
    { settings: parserSettings, bytes: stats.size, signal },
    limits,
  )
  const { tokenizer, ...nodeParser } = parserSettings
  // of the model that the index was first built with, where that was another
  const recorded = settings?.transformations[0]?.['tokenizer']
  return {
    ...preview,
    nodeParser,
    tokenizer: tokenizer.kind !== 'model' ? tokenizer.kind : typeof recorded === 'string' ? recorded : id,
    model: id,
    maximumTokens,
  }
}
