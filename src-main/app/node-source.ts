/** The source of a node: its document's text, or that of its whole file, and where in the file it stands. */
import { readFile, stat } from 'node:fs/promises'
import type { NodeSource } from '#contract'
import type { StorageFolder, StoredNode } from '#engine/storage/storage-folder.ts'
import { sourceOf } from './search-folder.ts'
import { sourceText } from './source-text.ts'

export interface NodeSourceOptions {
  /** With all documents of its file. */
  readonly whole: boolean
  readonly signal: AbortSignal
}

/** A file with more documents is shown around the node's own. */
const documentsAtMost = 1000
/** A larger file is not read to find a line in it. */
const largestTextFile = 5_000_000

export async function nodeSource(
  folder: StorageFolder,
  node: StoredNode,
  { whole, signal }: NodeSourceOptions,
): Promise<NodeSource> {
  const path = sourceOf(node)
  const refDocIds = whole ? await documentsOfFile(folder, node, path, signal) : [node.refDocId]
  let text = ''
  let start = -1
  const pages: NodeSource['pages'] = []
  for (const refDocId of refDocIds) {
    signal.throwIfAborted()
    const nodes = refDocId === null ? [node] : await folder.nodesOfDocument(refDocId)
    const document = sourceText(nodes)
    if (text !== '' && document.text !== '') text += '\n\n'
    const label = nodes[0] && pageLabelOf(nodes[0])
    if (whole && label) pages.push({ label, start: text.length })
    const begins = document.starts.get(node.nodeId)
    if (begins !== undefined) start = text.length + begins
    text += document.text
  }
  // a document that the index does not have any more, or that was cut anew meanwhile
  const found = start >= 0 ? { text, start, pages } : { text: node.text, start: 0, pages: [] }
  return {
    ...found,
    end: found.start + node.text.length,
    nodeId: node.nodeId,
    path,
    fileExists: path !== null && (await sizeOf(path)) !== null,
    pageLabel: pageLabelOf(node),
    line: path === null ? null : await lineInFile(path, node.text),
    metadata: node.metadata,
  }
}

/** In the order of the file; only the node's own where the others are not known. */
async function documentsOfFile(
  folder: StorageFolder,
  node: StoredNode,
  path: string | null,
  signal: AbortSignal,
): Promise<(string | null)[]> {
  const own = node.refDocId
  if (path === null || own === null) return [own]
  const [entry] = await folder.ingestion.manifestEntries([path])
  let ids: readonly string[] = entry?.refDocIds ?? []
  if (!ids.includes(own) && pageLabelOf(node) !== null) {
    // another program's index: ids say nothing there
    const filters = { filters: [{ key: 'file_path', value: path }] }
    const entries = await folder.entries({ filters, limit: 10_000 }, { signal })
    ids = [...new Set(entries.flatMap((other) => other.node?.refDocId ?? []))]
  }
  const at = ids.indexOf(own)
  if (at < 0) return [own]
  const from = Math.max(0, at - documentsAtMost / 2)
  return ids.slice(from, from + documentsAtMost)
}

export function pageLabelOf({ metadata }: Pick<StoredNode, 'metadata'>): string | null {
  const label = metadata['page_label']
  return typeof label === 'string' || typeof label === 'number' ? String(label) : null
}

/** From 1; null where the file does not have the text. */
export async function lineInFile(path: string, text: string): Promise<number | null> {
  const size = await sizeOf(path)
  const wanted = text.trim().replaceAll('\r\n', '\n')
  if (size === null || size > largestTextFile || wanted === '') return null
  try {
    const bytes = await readFile(path)
    if (bytes.subarray(0, 4096).includes(0)) return null
    const content = bytes.toString('utf8').replaceAll('\r\n', '\n')
    const at = content.indexOf(wanted)
    return at < 0 ? null : content.slice(0, at).split('\n').length
  } catch {
    // gone or locked meanwhile: only the line is missing then
    return null
  }
}

function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (stats) => (stats.isFile() ? stats.size : null),
    () => null,
  )
}
