/** A small JSON file of the app's own: parsed by its schema, replaced as a whole. */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'

/**
 * Reads and parses the file. A file that is missing gives `missing()`. One that cannot be parsed is moved aside to
 * `<path>.damaged`, never overwritten, and gives `missing()` as well.
 */
export async function readJsonFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  missing: () => z.output<Schema>,
): Promise<z.output<Schema>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return missing()
    throw error
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    await rename(path, `${path}.damaged`)
    return missing()
  }
}

/** Writes to a temporary file beside it, flushes, and renames: a reader sees the old or the new text, never a part. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(value, null, 2) + '\n')
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
