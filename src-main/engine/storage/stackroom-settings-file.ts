/** `stackroom.json`, read and written. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { replaceFile, unfinishedEnding } from '#platform/atomic-files.ts'
import { errorCodeOf, explainFileError } from '#platform/file-errors.ts'
import { settingsVersion, stackroomSettingsSchema, type StackroomSettings } from './stackroom-settings.ts'

export const settingsFile = 'stackroom.json'

/** Null when there is none. Throws `damaged-file`, and `unsupported-format` for a file of a later version. */
export function readSettings(persistDir: string): StackroomSettings | null {
  let text: string
  try {
    text = readFileSync(join(persistDir, settingsFile), 'utf8')
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null
    throw explainFileError(error, join(persistDir, settingsFile))
  }
  try {
    const value: unknown = JSON.parse(text)
    requireKnownVersion(value)
    return stackroomSettingsSchema.parse(value)
  } catch (error) {
    if (error instanceof StackroomError) throw error
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

function requireKnownVersion(value: unknown): void {
  const version = z.looseObject({ version: z.number() }).safeParse(value).data?.version ?? settingsVersion
  if (version <= settingsVersion) return
  throw new StackroomError(
    'unsupported-format',
    `A later version of Stackroom wrote the settings of this index (stackroom.json has version ${version}, this program knows ${settingsVersion}).`,
    { hint: 'Update Stackroom. Nothing in the folder was changed.' },
  )
}

/**
 * Throws `invalid-input`, before anything is written: whoever made them is wrong, and not the folder, whose own text is
 * taken for damaged when it cannot be parsed.
 */
export function requireSettings(settings: StackroomSettings): StackroomSettings {
  const { data, error } = stackroomSettingsSchema.safeParse(settings)
  if (data) return data
  const place = error.issues[0]?.path.join('.')
  throw new StackroomError(
    'invalid-input',
    `The settings of an index cannot be written: ${place} is wrong.`,
    {
      cause: error,
    },
  )
}

/** What could be a secret is left out: the folder may be copied and published. Throws `invalid-input`. */
export function writeSettings(persistDir: string, settings: StackroomSettings): void {
  const { embedModel, vectorStore, ...rest } = requireSettings(settings)
  const safe = { ...rest, embedModel: withoutSecrets(embedModel), vectorStore: withoutSecrets(vectorStore) }
  const text = JSON.stringify({ ...settings, ...safe }, null, 2)
  replaceFile(join(persistDir, settingsFile), `${text}\n`)
}

/** What a crash while writing leaves behind. */
export function removeUnfinishedSettings(persistDir: string): void {
  rmSync(join(persistDir, settingsFile + unfinishedEnding), { force: true })
}

const secretNames =
  /^(api[-_]?key|key|(access|auth)?[-_]?token|secret|password|authorization|credentials?|headers)$/i

function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/(?<=^[a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, '')
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) =>
      secretNames.test(name) ? [] : [[name, withoutSecrets(item)] as const],
    ),
  )
}
