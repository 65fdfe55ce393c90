/** Files that a crash or another version left behind: nobody reads them. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { storeFilesIn } from '../llamaindex/store-files.ts'
import type { ProblemList } from './problem-list.ts'

export interface FindLeftoversOptions {
  readonly persistDir: string
  readonly workingFolder: string
  readonly problems: ProblemList
}

export const temporaryEnding = '.stackroom-new'

/** Not while a process works on the folder: they may be its own. */
export function findLeftovers({ persistDir, workingFolder, problems }: FindLeftoversOptions): void {
  const isUnfinished = existsSync(join(workingFolder, 'commit.json'))
  if (isUnfinished)
    problems.add({
      code: 'unfinished-persist',
      message:
        'A persist was broken off while it replaced the JSON files; it is finished when the folder is opened.',
      file: '.stackroom/commit.json',
      repairable: true,
    })
  const files = isUnfinished
    ? []
    : storeFilesIn(persistDir, temporaryEnding).map(({ name }) => name + temporaryEnding)
  for (const file of [...files, ...leftoversIn(workingFolder).map((name) => `.stackroom/${name}`)])
    problems.add({
      code: 'leftover-file',
      message: `${file} was left behind by something that was broken off.`,
      file,
      repairable: true,
    })
}

/** Names of what was left behind in the working folder. */
export function leftoversIn(workingFolder: string): string[] {
  if (!existsSync(workingFolder)) return []
  return readdirSync(workingFolder).filter((name) => name.endsWith('.new') || name.includes('.unreadable'))
}
