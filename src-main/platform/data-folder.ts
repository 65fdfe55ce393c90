/** Where Stackroom keeps what is its own and not a knowledge base's: the list, the settings, caches, the log. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import envPaths from 'env-paths'

/** The data folder, or the one that the environment variable STACKROOM_DATA names. */
export function dataFolderPath(): string {
  return process.env.STACKROOM_DATA || envPaths('Stackroom', { suffix: '' }).data
}

/** Where new knowledge bases go unless the user says otherwise: a folder of theirs, easy to find. */
export function defaultStorageRoot(): string {
  return process.env.STACKROOM_HOME || join(homedir(), 'Stackroom')
}
