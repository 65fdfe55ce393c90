/** Files dropped on a browser's page: streamed to a folder of their own in the data folder, then indexed from there. */
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StackroomError } from '#contract'
import { uniquePath } from './inspect-paths.ts'

export class Uploads {
  readonly #root: string
  readonly #folders = new Map<string, string>()

  constructor(dataFolder: string) {
    this.#root = join(dataFolder, 'uploads')
  }

  async begin(name: string): Promise<{ uploadId: string; path: string }> {
    requireName(name)
    await mkdir(this.#root, { recursive: true })
    const path = await uniquePath(join(this.#root, name))
    await mkdir(path)
    const uploadId = randomUUID()
    this.#folders.set(uploadId, path)
    return { uploadId, path }
  }

  /** Never outside the upload's folder, and never over a file that is there. A part of a file does not stay. */
  async receive(uploadId: string, segments: readonly string[], content: Readable): Promise<void> {
    const folder = this.#folders.get(uploadId)
    if (folder === undefined) throw new StackroomError('not-found', 'This upload was not begun.')
    if (segments.length === 0) throw new StackroomError('invalid-input', 'The file has no name.')
    segments.forEach(requireName)
    const path = join(folder, ...segments)
    await mkdir(dirname(path), { recursive: true })
    try {
      await pipeline(content, createWriteStream(path, { flags: 'wx' }))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'EEXIST')
        throw new StackroomError('invalid-input', `“${segments.join('/')}” was uploaded twice.`, {
          cause: error,
        })
      await rm(path, { force: true })
      if (code === 'ENOSPC')
        throw new StackroomError('disk-full', 'The disk is full.', {
          hint: 'Free some space, or choose the folder instead of dropping it: then nothing is copied.',
          cause: error,
        })
      throw error
    }
  }
}

function requireName(name: string): void {
  // a colon would name a stream of another file on Windows
  const isName = name !== '' && name !== '.' && name !== '..' && !/[/\\\0:]/.test(name)
  if (!isName || Buffer.byteLength(name) > 255)
    throw new StackroomError('invalid-input', `“${name.replaceAll('\0', '')}” cannot be the name of a file.`)
}
