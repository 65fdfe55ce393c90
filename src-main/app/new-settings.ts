/** `stackroom.json` of a folder that has none yet. */
import { basename } from 'node:path'
import { settingsVersion, type StackroomSettings } from '#engine/storage/stackroom-settings.ts'

export function emptySettings(persistDir: string, name?: string): StackroomSettings {
  return {
    version: settingsVersion,
    name: name || basename(persistDir),
    created: new Date().toISOString(),
    lastIndexed: null,
    embedModel: null,
    transformations: [],
    vectorStore: { kind: 'simple' },
    sources: [],
  }
}
