/** `get_metadata_str` and `get_content` of LlamaIndex's nodes: which metadata is shown to whom, and how it is written. */
import { StackroomError } from '#contract'
import type { Metadata, TextNode } from './node.ts'
import { pythonStr, pythonStrip } from './python-text.ts'

/** `MetadataMode` */
export type MetadataMode = 'all' | 'embed' | 'llm' | 'none'

export const defaultMetadataTemplate = '{key}: {value}'
export const defaultMetadataSeparator = '\n'
export const defaultTextTemplate = '{metadata_str}\n\n{content}'

/** The parts of a node or document that its metadata string is made of. */
export interface MetadataHolder {
  readonly metadata: Metadata
  readonly excluded_embed_metadata_keys: readonly string[]
  readonly excluded_llm_metadata_keys: readonly string[]
  readonly metadata_template: string
  readonly metadata_separator: string
}

/** `node.get_metadata_str(mode)` */
export function metadataString(node: MetadataHolder, mode: MetadataMode): string {
  if (mode === 'none') return ''
  const excluded =
    mode === 'embed'
      ? node.excluded_embed_metadata_keys
      : mode === 'llm'
        ? node.excluded_llm_metadata_keys
        : []
  return Object.entries(node.metadata)
    .filter(([key]) => !excluded.includes(key))
    .map(([key, value]) => format(node.metadata_template, { key, value: pythonStr(value) }))
    .join(node.metadata_separator)
}

/** `TextNode.get_content(metadata_mode)` */
export function getContent(
  node: MetadataHolder & Pick<TextNode, 'text' | 'text_template'>,
  mode: MetadataMode,
): string {
  const metadata = pythonStrip(metadataString(node, mode))
  if (metadata === '') return node.text
  return pythonStrip(format(node.text_template, { content: node.text, metadata_str: metadata }))
}

/** `template.format(**values)`, for the plain `{name}` fields that LlamaIndex's templates consist of. */
function format(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (match, name: string | undefined) => {
    if (name === undefined) return match.charAt(0)
    const value = values[name]
    if (value === undefined)
      throw new StackroomError(
        'unsupported-format',
        `The template “${template}” has an unknown field {${name}}.`,
      )
    return value
  })
}
