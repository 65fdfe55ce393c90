/** Makes a storage folder one that no model at hand could have made: its vectors have another length. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export async function cutVectors(persistDir: string, dimensions: number): Promise<void> {
  const file = join(persistDir, 'default__vector_store.json')
  const store = JSON.parse(await readFile(file, 'utf8')) as { embedding_dict: Record<string, number[]> }
  for (const [id, vector] of Object.entries(store.embedding_dict))
    store.embedding_dict[id] = vector.slice(0, dimensions)
  await writeFile(file, JSON.stringify(store))
}
