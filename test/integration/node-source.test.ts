import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { lineInFile } from '#app/node-source.ts'

const folder = await mkdtemp(join(tmpdir(), 'stackroom-source-'))
afterAll(() => rm(folder, { recursive: true }))

test('the line of a passage is counted in the file as it is now, with either kind of line breaks', async () => {
  const path = join(folder, 'tides.txt')
  await writeFile(path, 'Tides\r\n\r\nThe moon\r\nraises the sea.\r\n')
  expect(await lineInFile(path, 'The moon\nraises the sea.')).toBe(3)
  expect(await lineInFile(path, 'Tides')).toBe(1)
  expect(await lineInFile(path, 'The sun')).toBeNull()
})

test('a file that is no text, or is gone, has no lines', async () => {
  const path = join(folder, 'picture.bin')
  await writeFile(path, Buffer.from('moon\0moon'))
  expect(await lineInFile(path, 'moon')).toBeNull()
  expect(await lineInFile(join(folder, 'gone.txt'), 'moon')).toBeNull()
})
