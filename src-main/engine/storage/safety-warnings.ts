/** Sentences of the summary about what could be lost, or only looks so. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { errorShapeSchema } from '#contract'
import { storeFilesIn } from './llamaindex/store-files.ts'
import { identityOf } from './replace-working-store.ts'
import type { OpenedFolder } from './storage-writer.ts'
import { oldVectorsFolder, setAsideFolder } from './working-folder.ts'
import type { WorkingStore } from './working-store.ts'

export function safetyWarnings(store: WorkingStore, { persistDir, workingFolder }: OpenedFolder): string[] {
  const warnings: string[] = []
  const conflict = store.meta('conflict')
  if (conflict !== null) warnings.push(errorShapeSchema.parse(JSON.parse(conflict)).message)
  const setAside = join(workingFolder, setAsideFolder)
  const names = existsSync(setAside) ? readdirSync(setAside) : []
  if (names.length > 0)
    warnings.push(
      `The working store of this folder could not be read, and may have had changes that the JSON files lack. It is kept in ${setAside}.`,
    )
  const linked = existsSync(persistDir)
    ? storeFilesIn(persistDir).filter(({ name }) => isLinkedElsewhere(persistDir, workingFolder, name))
    : []
  if (linked.length > 0)
    warnings.push(
      `These files have other names elsewhere (hard links), which keep the old content when a change is written: ${linked.map(({ name }) => name).join(', ')}.`,
    )
  return warnings
}

function isLinkedElsewhere(persistDir: string, workingFolder: string, name: string): boolean {
  const path = join(persistDir, name)
  const links = statSync(path, { throwIfNoEntry: false })?.nlink ?? 1
  // Old vectors are kept as a second name of their file until a persist replaces it.
  return links > (identityOf(join(workingFolder, oldVectorsFolder, name)) === identityOf(path) ? 2 : 1)
}
