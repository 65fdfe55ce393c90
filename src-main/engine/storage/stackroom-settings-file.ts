/** `stackroom.json`, read and written. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { StackroomError } from '#contract'
import { replaceFile } from '#platform/atomic-files.ts'
import { errorCodeOf } from '#platform/file-errors.ts'
import { stackroomSettingsSchema, type StackroomSettings } from './stackroom-settings.ts'

export const settingsFile = 'stackroom.json'

/** Null when there is none. Throws `damaged-file`. */
export function readSettings(persistDir: string): StackroomSettings | null {
  let text: string
  try {
    text = readFileSync(join(persistDir, settingsFile), 'utf8')
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null
    throw error
  }
  try {
    return stackroomSettingsSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new StackroomError(
      'damaged-file',
      'stackroom.json is damaged: the settings of this index cannot be read.',
      {
        hint: 'Restore the file from a backup, or move it away to choose the embed model again.',
        cause: error,
      },
    )
  }
}

export function writeSettings(persistDir: string, settings: StackroomSettings): void {
  const text = JSON.stringify(stackroomSettingsSchema.parse(settings), null, 2)
  replaceFile(join(persistDir, settingsFile), `${text}\n`)
}
