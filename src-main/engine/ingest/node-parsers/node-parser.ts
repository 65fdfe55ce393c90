/** What every node parser is: a document in, the texts of its nodes out, as LlamaIndex's class of the same name cuts it. */
import type { NodeParserName } from '#contract'
import {
  defaultMetadataSeparator,
  defaultMetadataTemplate,
  metadataString,
} from '#engine/schema/metadata-mode.ts'
import type { NodeSplit, SourceDocument } from '#engine/schema/node.ts'
import type { ReaderName } from '../file-types.ts'

export interface NodeParser {
  readonly className: NodeParserName
  split(document: SourceDocument): readonly NodeSplit[]
  /** Files that are cut by another parser, made for them. */
  readonly ownKind?: OwnKind
}

export interface OwnKind {
  /** Whether HTML is to be read with its tags. */
  readonly keepsHtml: boolean
  /** Null for files of another kind. */
  parserFor(path: string, reader: ReaderName): Promise<FileNodeParser | null>
}

/** A parser for one kind of file. */
export interface FileNodeParser {
  readonly className: NodeParserName
  /** Null where the text is not of that kind after all. */
  split(document: SourceDocument): readonly NodeSplit[] | null
}

/** `_get_metadata_str`: what stands before the text of each node, at its longest. */
export function longestMetadataString(document: SourceDocument): string {
  const holder = {
    metadata: document.metadata,
    excluded_embed_metadata_keys: document.excludedEmbedMetadataKeys,
    excluded_llm_metadata_keys: document.excludedLlmMetadataKeys,
    metadata_template: defaultMetadataTemplate,
    metadata_separator: defaultMetadataSeparator,
  }
  const embed = metadataString(holder, 'embed')
  const llm = metadataString(holder, 'llm')
  return embed.length > llm.length ? embed : llm
}
