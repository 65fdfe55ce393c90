/** What scanning leaves out by default: what people do not mean when they say “this folder”. */

export type IgnoredReason = 'hidden' | 'ignored-folder' | 'system-file'

/** Folders that programs fill, for themselves. */
export const programFolderNames: readonly string[] = [
  'node_modules',
  'bower_components',
  'jspm_packages',
  '__pycache__',
  '__MACOSX',
  '$RECYCLE.BIN',
  'System Volume Information',
  'lost+found',
  '.git',
  '.hg',
  '.svn',
  '.venv',
  '.tox',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
  '.gradle',
  '.Trash',
]
const programFolders = new Set(programFolderNames)
const systemFiles = new Set(['thumbs.db', 'desktop.ini', 'icon\r', 'ehthumbs.db', '.ds_store'])

/** What of it is wanted all the same. */
export interface WantedByRules {
  readonly hidden: boolean
  readonly programFolders: boolean
}

/** Why an entry of this name is left out, or null. */
export function ignoredName(name: string, rules: WantedByRules): IgnoredReason | null {
  // A working store is nobody's document.
  if (name === '.stackroom') return 'hidden'
  if (name.startsWith('.') && !rules.hidden) return 'hidden'
  if (programFolders.has(name) && !rules.programFolders) return 'ignored-folder'
  // `~$` begins the lock files that office programs leave beside an open document.
  return systemFiles.has(name.toLowerCase()) || name.startsWith('~$') ? 'system-file' : null
}

/** Folders that say of themselves that they hold nothing of their own: Python environments and caches. */
export function isIgnoredFolder(names: ReadonlySet<string>, rules: WantedByRules): boolean {
  return !rules.programFolders && (names.has('pyvenv.cfg') || names.has('CACHEDIR.TAG'))
}

/** A folder that a storage context or Chroma was persisted to: an index is not a source. */
export function isStorageFolder(names: ReadonlySet<string>): boolean {
  return (
    names.has('.stackroom') ||
    names.has('stackroom.json') ||
    names.has('chroma.sqlite3') ||
    (names.has('docstore.json') && names.has('index_store.json'))
  )
}

export function isStorageFile(name: string): boolean {
  return /^(docstore|index_store|graph_store|property_graph_store|stackroom|.*__vector_store)\.json$|^chroma\.sqlite3/.test(
    name,
  )
}
