/** The folders of HNSW segments that lie in a Chroma folder: each has the id of its segment as its name. */
import { readdirSync } from 'node:fs'

export function segmentFoldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(
      (entry) =>
        entry.isDirectory() &&
        /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(entry.name),
    )
    .map(({ name }) => name)
}
