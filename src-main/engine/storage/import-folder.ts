/** Brings the JSON files of a persist dir into its working store, in one transaction: all of them or nothing. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { scanEntries } from './llamaindex/entry-scanner.ts'
import { knownFiles, type KnownFile, type WorkingStore } from './working-store.ts'

/** Which file was seen, so that another program's change is noticed. */
export function stampOf(path: string): string | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats ? `${stats.size}-${stats.mtimeNs}` : null
}

export function stampsOf(persistDir: string): string {
  return JSON.stringify(Object.fromEntries(knownFiles.map((file) => [file, stampOf(join(persistDir, file))])))
}

const vectorSchema = z.array(z.number())

/** Throws `missing-file`, `damaged-file`, `dimension-mismatch`; the working store is then as it was. */
export function importFolder(store: WorkingStore, persistDir: string): void {
  for (const file of ['docstore.json', 'default__vector_store.json'] as const) {
    if (existsSync(join(persistDir, file))) continue
    throw new StackroomError('missing-file', `${file} is missing from this storage folder.`, {
      hint:
        file === 'docstore.json'
          ? 'Copy the whole folder that LlamaIndex persisted: docstore.json holds the text of the nodes.'
          : 'Copy the whole folder that LlamaIndex persisted. If the vectors are in another vector store, they cannot be searched from here.',
    })
  }
  const stamps = stampsOf(persistDir)
  store.database.transaction(() => {
    store.clear()
    store.setMeta('dimensions', '0')
    for (const file of knownFiles) {
      const path = join(persistDir, file)
      if (!existsSync(path)) continue
      for (const entry of scanEntries(path)) {
        store.put(file, entry)
        if (entry.key === null) continue
        if (file === 'default__vector_store.json' && entry.section === 'embedding_dict')
          importVector(store, entry.key, entry.text)
        else checkEntry(file, entry.section, entry.key, entry.text)
      }
    }
    store.setMeta('stamps', stamps)
    store.setMeta('dirty', '0')
  })()
}

function checkEntry(file: KnownFile, section: string, key: string, text: string): void {
  try {
    JSON.parse(text)
  } catch (error) {
    // Python writes NaN and Infinity, which JSON does not have; the text is kept, the value is read without them.
    if (/\b(NaN|Infinity)\b/.test(text)) return
    throw new StackroomError(
      'damaged-file',
      `${file} is damaged: the entry ${key} of ${section} is not valid JSON.`,
      {
        hint: 'Restore the file from a backup, or index the documents again. Nothing in the folder was changed.',
        cause: error,
      },
    )
  }
}

function importVector(store: WorkingStore, nodeId: string, text: string): void {
  let numbers: number[]
  try {
    numbers = vectorSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new StackroomError(
      'damaged-file',
      `default__vector_store.json is damaged: the vector of node ${nodeId} is not a list of numbers.`,
      { hint: 'Restore the file from a backup, or index the documents again.', cause: error },
    )
  }
  const dimensions = Number(store.meta('dimensions') ?? '0')
  if (dimensions === 0) store.setMeta('dimensions', String(numbers.length))
  else if (numbers.length !== dimensions)
    throw new StackroomError(
      'dimension-mismatch',
      `The vectors of this folder have different lengths: ${dimensions}, and ${numbers.length} for node ${nodeId}.`,
      { hint: 'It was written with more than one embed model. Index the documents again with one.' },
    )
  writeVector(store, nodeId, Float32Array.from(numbers))
}

export function writeVector(store: WorkingStore, nodeId: string, vector: Float32Array): void {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
  store.statement('INSERT OR REPLACE INTO vectors VALUES (?, ?)').run(nodeId, bytes)
}
