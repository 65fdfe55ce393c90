/** Of a source only what the user sets. */
import type { Source, SourceSettings } from '#contract'

export function settingsOf(source: Source): SourceSettings {
  const { path, include, exclude, gitignore, hidden, programFolders, maximumBytes, watch } = source
  return { path, include, exclude, gitignore, hidden, programFolders, maximumBytes, watch }
}
