/** Copies what was dropped on a browser's page to the host, which then indexes the copy. */
import { StackroomError, errorShapeSchema } from '#contract'
import type { Client } from './client.ts'
import { filesOf, type DroppedFile } from './dropped-items.ts'

const atOnce = 4

export interface UploadProgress {
  readonly filesDone: number
  readonly filesTotal: number
}

export interface UploadOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: UploadProgress) => void
}

/** The host's path of the copy. */
export async function uploadEntries(
  client: Client,
  entries: readonly FileSystemEntry[],
  { signal, onProgress }: UploadOptions,
): Promise<string> {
  const files = await filesOf(entries, signal)
  const [first] = entries
  const name = entries.length === 1 && first !== undefined ? first.name : 'Dropped files'
  const { uploadId, path } = await client.call('uploads.begin', { name }, { signal })

  let filesDone = 0
  const left = files.values()
  const worker = async (): Promise<void> => {
    for (const file of left) {
      await put(uploadId, file, signal)
      filesDone += 1
      onProgress({ filesDone, filesTotal: files.length })
    }
  }
  onProgress({ filesDone, filesTotal: files.length })
  await Promise.all(Array.from({ length: atOnce }, worker))
  return path
}

async function put(uploadId: string, { segments, file }: DroppedFile, signal: AbortSignal): Promise<void> {
  const path = segments.map(encodeURIComponent).join('/')
  const response = await fetch(`/upload/${encodeURIComponent(uploadId)}/${path}`, {
    method: 'PUT',
    body: file,
    signal,
  })
  if (response.ok) return
  const told = errorShapeSchema.safeParse(await response.json().catch(() => null))
  if (told.success) throw StackroomError.fromShape(told.data)
  throw new StackroomError('broken-file', `“${segments.join('/')}” could not be copied to Stackroom.`, {
    hint: 'Choose the folder instead of dropping it: then it is read where it is.',
  })
}
