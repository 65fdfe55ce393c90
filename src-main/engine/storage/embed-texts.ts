/**
 * What an embed model was given for a stored node: `node.get_content(metadata_mode=MetadataMode.EMBED)` with the node's own
 * templates and excluded keys, and the text alone. Reads nodes of LlamaIndex 0.5 to 0.14 and of LlamaIndexTS.
 */
import { z } from 'zod'
import { jsonValueSchema, StackroomError } from '#contract'
import {
  defaultMetadataSeparator,
  defaultMetadataTemplate,
  defaultTextTemplate,
  getContent,
} from '#engine/schema/metadata-mode.ts'
import { parsePythonJson } from './llamaindex/python-json.ts'

export interface EmbedTexts {
  /** As `node.get_content(metadata_mode=MetadataMode.EMBED)`. */
  readonly embedText: string
  /** As `node.get_content(metadata_mode=MetadataMode.NONE)`. */
  readonly plainText: string
}

const text = z.string().nullish().catch(null)
const keys = z.array(z.string()).nullish().catch(null)
const metadata = z.record(z.string(), jsonValueSchema).nullish().catch(null)

const nodeSchema = z.looseObject({
  text,
  text_resource: z.looseObject({ text }).nullish().catch(null),
  metadata,
  /** Before 0.6. */
  extra_info: metadata,
  excluded_embed_metadata_keys: keys,
  excludedEmbedMetadataKeys: keys,
  metadata_template: text,
  metadata_separator: text,
  /** As it was spelt before 0.11, and is still read. */
  metadata_seperator: text,
  metadataSeparator: text,
  text_template: text,
})
const entrySchema = z.looseObject({ __data__: z.union([nodeSchema, z.string()]) })

/**
 * Null when the docstore's entry is no node.
 * @param embeddedPathOf the path that stood in the text when it was embedded, of a file that was moved since
 */
export function embedTextsOf(
  entry: string,
  embeddedPathOf: (path: string) => string | null = () => null,
): EmbedTexts | null {
  let node: z.infer<typeof nodeSchema>
  try {
    const { __data__: data } = entrySchema.parse(parsePythonJson(entry))
    node = typeof data === 'string' ? nodeSchema.parse(parsePythonJson(data)) : data
  } catch {
    return null
  }
  const plainText = node.text ?? node.text_resource?.text ?? ''
  const path = node.metadata?.['file_path']
  const embeddedPath = typeof path === 'string' ? embeddedPathOf(path) : null
  const embedded =
    embeddedPath === null ? node : { ...node, metadata: { ...node.metadata, file_path: embeddedPath } }
  return { plainText, embedText: withMetadata(embedded, plainText) }
}

function withMetadata(node: z.infer<typeof nodeSchema>, plainText: string): string {
  try {
    return getContent(
      {
        text: plainText,
        metadata: node.metadata ?? node.extra_info ?? {},
        excluded_embed_metadata_keys:
          node.excluded_embed_metadata_keys ?? node.excludedEmbedMetadataKeys ?? [],
        excluded_llm_metadata_keys: [],
        metadata_template: node.metadata_template ?? defaultMetadataTemplate,
        metadata_separator:
          node.metadata_separator ??
          node.metadata_seperator ??
          node.metadataSeparator ??
          defaultMetadataSeparator,
        text_template: node.text_template ?? defaultTextTemplate,
      },
      'embed',
    )
  } catch (error) {
    // A template with fields of somebody's own: Python could not have embedded with it either.
    if (error instanceof StackroomError) return plainText
    throw error
  }
}
