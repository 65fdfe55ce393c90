/** Documents and nodes as Python LlamaIndex makes them, and ours in the same shape. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { metadataSchema, type Metadata, type NodeParserName } from '#contract'
import type { ParsedDocument } from '#engine/schema/node.ts'

const root = join(import.meta.dirname, '../..')
const python = process.env['STACKROOM_PYTHON'] ?? join(root, '.venv/bin/python')

const referenceSchema = z.array(
  z.object({
    id: z.string(),
    text: z.string(),
    metadata: metadataSchema,
    excluded_embed: z.array(z.string()),
    excluded_llm: z.array(z.string()),
    hash: z.string(),
    nodes: z
      .array(z.object({ node: z.record(z.string(), z.unknown()), hash: z.string(), embed_text: z.string() }))
      .nullable(),
  }),
)
export type ReferenceDocument = z.infer<typeof referenceSchema>[number]

export interface ReferenceText {
  readonly id: string
  readonly text: string
  readonly metadata: Metadata
}

export interface ReferenceJob {
  readonly files?: readonly string[]
  readonly texts?: readonly ReferenceText[]
  readonly parser?: {
    readonly class: NodeParserName
    /** By their names in Python. */
    readonly options: Readonly<Record<string, unknown>>
  }
}

export async function reference({
  files = [],
  texts = [],
  parser = { class: 'SentenceSplitter', options: {} },
}: ReferenceJob): Promise<ReferenceDocument[]> {
  const running = promisify(execFile)(python, [join(import.meta.dirname, 'ingest_reference.py')], {
    maxBuffer: 1024 ** 3,
  })
  running.child.stdin?.end(JSON.stringify({ files, texts, parser }))
  return referenceSchema.parse(JSON.parse((await running).stdout))
}

interface ComparedNode {
  readonly node: Readonly<Record<string, unknown>>
  readonly hash: string
  readonly embed_text: string
}

/** Node ids are random on both sides: each is replaced by its node's place. */
export function withoutRandomIds(nodes: readonly ComparedNode[]): ComparedNode[] {
  const places = new Map(nodes.map(({ node }, index) => [node['id_'], `node ${index}`]))
  const relationships = z.record(z.string(), z.record(z.string(), z.unknown()))
  return nodes.map(({ node, ...rest }) => ({
    ...rest,
    node: {
      ...node,
      id_: places.get(node['id_']),
      relationships: Object.fromEntries(
        Object.entries(relationships.parse(node['relationships'])).map(([kind, related]) => [
          kind,
          { ...related, node_id: places.get(related['node_id']) ?? related['node_id'] },
        ]),
      ),
    },
  }))
}

/** A document of ours as `reference` has Python's. */
export function asReference({ document, nodes }: ParsedDocument): ReferenceDocument {
  return {
    id: document.id,
    text: document.text,
    metadata: document.metadata,
    excluded_embed: [...document.excludedEmbedMetadataKeys],
    excluded_llm: [...document.excludedLlmMetadataKeys],
    hash: document.hash,
    nodes: nodes.map(({ node, hash, embedText }) => ({ node: { ...node }, hash, embed_text: embedText })),
  }
}

export function comparable(document: ReferenceDocument): ReferenceDocument {
  return { ...document, nodes: document.nodes && withoutRandomIds(document.nodes) }
}
