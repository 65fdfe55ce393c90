/** Which program filled a collection, told from the metadata of a few of its records. */
import type { StoreMaker } from '#contract'

/** Records that are looked at. */
export const recordsToLookAt = 8

/**
 * LlamaIndex marks each record. LangChain marks nothing: its loaders note where a text is from as `source`, and its vector
 * stores give no embedding function along.
 */
export function makerOf(
  records: readonly Readonly<Record<string, unknown>>[],
  { hasEmbeddingFunction }: { readonly hasEmbeddingFunction: boolean },
): StoreMaker {
  if (records.length === 0) return 'empty'
  const all = (...keys: string[]): boolean => records.every((record) => keys.some((key) => key in record))
  if (all('_node_content', '_node_type', 'node_info')) return 'llamaindex'
  return !hasEmbeddingFunction && all('source') ? 'langchain' : 'plain'
}
