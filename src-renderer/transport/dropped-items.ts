/**
 * What a drop holds. It must be read while the drop event is handled: the browser empties the transfer afterwards.
 * In the desktop window dropped things are paths; in a browser they are entries to be walked and uploaded.
 */
import type { Client } from './client.ts'

export type DroppedItems =
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  | { readonly kind: 'entries'; readonly entries: readonly FileSystemEntry[] }

export function readDrop(client: Client, transfer: DataTransfer): DroppedItems {
  const paths = Array.from(transfer.files, (file) => client.pathForFile(file)).filter((path) => path !== null)
  if (paths.length > 0) return { kind: 'paths', paths }
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter(
    (entry) => entry !== null,
  )
  return { kind: 'entries', entries }
}

export interface DroppedFile {
  /** Below the dropped folder, or the file's own name. */
  readonly segments: readonly string[]
  readonly file: File
}

/** All files below the entries. A folder dropped alone is the root of its files' paths. */
export async function filesOf(
  entries: readonly FileSystemEntry[],
  signal: AbortSignal,
): Promise<DroppedFile[]> {
  const found: DroppedFile[] = []
  const walk = async (entry: FileSystemEntry, above: readonly string[]): Promise<void> => {
    signal.throwIfAborted()
    if (isFile(entry)) {
      const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
      found.push({ segments: [...above, entry.name], file })
    } else if (isDirectory(entry)) {
      for (const child of await childrenOf(entry)) await walk(child, [...above, entry.name])
    }
  }
  const [first] = entries
  if (entries.length === 1 && first !== undefined && isDirectory(first)) {
    for (const child of await childrenOf(first)) await walk(child, [])
  } else {
    for (const entry of entries) await walk(entry, [])
  }
  return found
}

/** `readEntries` gives at most a hundred at a time, and nothing when there are no more. */
async function childrenOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader()
  const children: FileSystemEntry[] = []
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (batch.length === 0) return children
    children.push(...batch)
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}
