import { expect, test } from 'vitest'
import { ancestors, baseName, folderBelow, joinPath, parentPath } from '../../../src-renderer/ui/paths.ts'

test('a file’s folder is told below the folder that was indexed', () => {
  expect(folderBelow(['/home/ada/docs'], '/home/ada/docs/notes/2024/a.md')).toBe('docs/notes/2024')
  expect(folderBelow(['/home/ada/docs'], '/home/ada/docs/a.md')).toBe('docs')
  expect(folderBelow(['/home/ada/docs'], '/home/ada/docs-old/a.md')).toBe('/home/ada/docs-old')
  expect(folderBelow(['/home/ada', '/home/ada/docs'], '/home/ada/docs/b/a.md')).toBe('docs/b')
  expect(folderBelow(['C:\\Users\\ada'], 'C:\\Users\\ada\\docs\\a.md')).toBe('ada\\docs')
})

test('each folder on the way to a path can be gone to', () => {
  expect(ancestors('/usr/share').map(({ path }) => path)).toEqual(['/', '/usr', '/usr/share'])
  expect(ancestors('C:\\Users\\ada').map(({ path }) => path)).toEqual(['C:\\', 'C:\\Users', 'C:\\Users\\ada'])
})

test('paths are taken apart and put together with their own separator', () => {
  expect(baseName('C:\\Users\\ada\\')).toBe('ada')
  expect(parentPath('/usr')).toBe('/')
  expect(parentPath('/usr/share/')).toBe('/usr')
  expect(joinPath('/', 'usr')).toBe('/usr')
  expect(joinPath('D:\\docs', 'a.txt')).toBe('D:\\docs\\a.txt')
})
