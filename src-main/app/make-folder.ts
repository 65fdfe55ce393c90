/** Makes the folder of a new index, and can take it away again. */
import { access, constants, mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { StackroomError } from '#contract'

/** Makes the folder; `undo` takes away what was not there before, and nothing else. */
export async function makeFolder(persistDir: string): Promise<{ undo: () => Promise<void> }> {
  try {
    const first = await makeWithParents(persistDir)
    await access(persistDir, constants.W_OK)
    const before = new Set(await readdir(persistDir))
    return {
      undo: async () => {
        for (const name of await readdir(persistDir).catch(() => []))
          if (!before.has(name)) await rm(join(persistDir, name), { recursive: true, force: true })
        if (first === undefined) return
        const top = dirname(resolve(first))
        for (let folder = persistDir; folder !== top; folder = dirname(folder)) {
          // a folder that someone else put something into stays
          if ((await rmdir(folder).catch((error: unknown) => error)) !== undefined) return
        }
      },
    }
  } catch (error) {
    throw cannotMake(persistDir, error)
  }
}

/**
 * The first folder that had to be made. Node's own `recursive` never ends where the system says of a folder that is
 * there that it is not, as in /proc.
 */
async function makeWithParents(path: string): Promise<string | undefined> {
  const missing: string[] = []
  for (let folder = path; !(await isThere(folder)); folder = dirname(folder)) missing.unshift(folder)
  for (const folder of missing) await mkdir(folder)
  return missing[0]
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT' && dirname(path) !== path)
      return false
    throw error
  }
}

function cannotMake(persistDir: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new StackroomError('disk-full', `There is no space left for ${persistDir}.`, {
      hint: 'Free some space, or choose a folder on another disk.',
      cause: error,
    })
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return new StackroomError('not-a-folder', `${persistDir} cannot be a folder: a file is in its place.`, {
      hint: 'Choose another storage folder.',
      cause: error,
    })
  if (typeof code !== 'string') return error
  return new StackroomError(
    'permission-denied',
    `The storage folder ${persistDir} cannot be made or written here.`,
    {
      hint: 'Choose a folder of your own, for example one in your home folder.',
      cause: error,
    },
  )
}
