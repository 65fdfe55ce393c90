import { expect, test, vi } from 'vitest'

vi.mock('electron', () => ({ app: {}, session: {}, protocol: {} }))
const { pathInside } = await import('../../src-main/hosts/electron/page-protocol.ts')
const { isOwnPage } = await import('../../src-main/hosts/electron/security.ts')

test('the page protocol serves the files of the window', () => {
  expect(pathInside('/out/renderer', new URL('app://stackroom/'))).toBe('/out/renderer/index.html')
  expect(pathInside('/out/renderer', new URL('app://stackroom/assets/a%20b.js'))).toBe(
    '/out/renderer/assets/a b.js',
  )
})

test.each([
  'app://other/index.html',
  'app://stackroom/..%2fmain%2felectron.js',
  'app://stackroom/..%2frenderer-2%2fx.js',
  'app://stackroom/a%00b',
  'app://stackroom/%',
])('the page protocol serves nothing else: %s', (url) => {
  expect(pathInside('/out/renderer', new URL(url))).toBeNull()
})

test('only the own origin is the own page', () => {
  expect(isOwnPage('app://stackroom/')).toBe(true)
  for (const url of ['app://stackroom.evil/', 'https://stackroom/', 'file:///index.html', ''])
    expect(isOwnPage(url)).toBe(false)
})
