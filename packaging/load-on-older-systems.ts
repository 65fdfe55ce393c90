/** Chroma's engine for Linux, changed so that it loads where glibc is older than 2.39. */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { weakenSymbolVersion } from '#engine/stores/chroma/weaken-symbol-version.ts'

/** What the app would else do at its first use of Chroma, in a copy of 50 MB for each user. */
export function loadOnOlderSystems(folder: string): void {
  for (const path of globSync(join(folder, '**/chromadb-js-bindings-linux-*/*.node'))) {
    const library = readFileSync(path)
    if (weakenSymbolVersion(library, 'GLIBC_2.39')) writeFileSync(path, library)
  }
}
