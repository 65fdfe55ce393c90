/** What paths are and what would be done with them, before anything is done. */
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import {
  sourceRulesSchema,
  StackroomError,
  toErrorShape,
  type FolderKind,
  type Inspection,
  type SourceRules,
} from '#contract'
import { inspectSources } from '#engine/ingest/inspect-sources.ts'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import { defaultStorageRoot } from '#platform/data-folder.ts'

export interface InspectOptions {
  readonly rules?: Partial<SourceRules> | undefined
  readonly recognizeText?: boolean
  /** False: only what it is. */
  readonly count?: boolean
}

export async function inspectPaths(
  given: readonly string[],
  signal: AbortSignal,
  { rules, recognizeText = false, count = true }: InspectOptions = {},
): Promise<Inspection> {
  const paths = given.map((path) => resolve(path))
  const [first = ''] = paths
  const suggestedName = nameFor(paths)
  const result: Inspection = {
    kind: 'files',
    modelFolder: false,
    paths,
    readableFiles: 0,
    files: 0,
    bytes: 0,
    truncated: false,
    sampleFiles: [],
    suggestedName,
    suggestedPersistDir: await uniquePath(join(defaultStorageRoot(), suggestedName)),
    error: null,
  }
  try {
    if (paths.length === 1) {
      const kind = await kindOf(first)
      if (kind === 'missing')
        throw new StackroomError('path-missing', `There is no file or folder at ${first}.`, {
          hint: 'It may have been moved or deleted.',
        })
      if (kind === 'files' && (await isModelFolder(first))) return { ...result, modelFolder: true }
      if (kind !== 'files' && kind !== 'empty') return { ...result, kind, suggestedPersistDir: first }
      if (!count) return { ...result, kind }
    }
    const found = await inspectSources(
      paths.map((path) => ({ path, rules: sourceRulesSchema.parse({ ...rules }) })),
      { signal, ...(recognizeText && { readerOptions: { recognizeText: ['eng'] } }) },
    )
    const kind: FolderKind = found.files === 0 ? 'empty' : 'files'
    return {
      ...result,
      ...found,
      sampleFiles: [...found.sampleFiles],
      kind,
      error: problemOf(found, suggestedName),
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof StackroomError)) throw error
    return {
      ...result,
      kind: error.code === 'path-missing' ? 'missing' : 'files',
      error: toErrorShape(error),
    }
  }
}

function problemOf(
  { files, readableFiles, truncated }: { files: number; readableFiles: number; truncated: boolean },
  name: string,
): Inspection['error'] {
  if (readableFiles > 0 || truncated) return null
  if (files === 0)
    return new StackroomError('empty-folder', `“${name}” is empty: there are no files in it.`, {
      hint: 'Choose a folder that has documents in it.',
    }).toShape()
  return new StackroomError('no-readable-files', `None of the files in “${name}” can be read by Stackroom.`, {
    hint: 'It reads text, Markdown, HTML, PDF, office documents, e-books and source code; hidden files and folders are left out.',
  }).toShape()
}

async function kindOf(path: string): Promise<FolderKind> {
  const stats = await stat(path).catch(() => null)
  return stats?.isFile() ? 'files' : detectFolderKind(path)
}

/** By the file that no other folder has; what else is missing from it is said when it is added. */
async function isModelFolder(path: string): Promise<boolean> {
  const found = await Promise.all(
    [join(path, 'model.onnx'), join(path, 'onnx', 'model.onnx')].map((file) =>
      stat(file).then(
        (stats) => stats.isFile(),
        () => false,
      ),
    ),
  )
  return found.includes(true)
}

function nameFor(paths: readonly string[]): string {
  const [first = ''] = paths
  return basename(first) || 'Documents'
}

/** The path, or with the first number after it that is free. */
export async function uniquePath(path: string): Promise<string> {
  let candidate = path
  for (let number = 2; await stat(candidate).then(Boolean, () => false); number++)
    candidate = `${path} ${number}`
  return candidate
}
