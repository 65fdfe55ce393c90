/** What docs/SECURITY.md says of the desktop window, with the `electron` module replaced at its edge by one that notes. */
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

type Handler = (...args: unknown[]) => unknown

const seen = vi.hoisted(() => ({
  windows: [] as { options: { webPreferences: Record<string, unknown> }; url: string }[],
  app: new Map<string, Handler>(),
  session: new Map<string, Handler>(),
  protocols: new Map<string, Handler>(),
  exposed: new Map<string, unknown>(),
}))

vi.mock('electron', () => {
  const note = (map: Map<string, Handler>, name: string) => (handler: Handler) => void map.set(name, handler)
  return {
    app: { on: (name: string, handler: Handler) => seen.app.set(name, handler) },
    session: {
      defaultSession: {
        setPermissionRequestHandler: note(seen.session, 'request'),
        setPermissionCheckHandler: note(seen.session, 'check'),
        setDevicePermissionHandler: note(seen.session, 'device'),
        webRequest: { onBeforeRequest: note(seen.session, 'before') },
      },
    },
    protocol: { handle: (scheme: string, handler: Handler) => seen.protocols.set(scheme, handler) },
    nativeTheme: { shouldUseDarkColors: false },
    contextBridge: { exposeInMainWorld: (name: string, api: unknown) => seen.exposed.set(name, api) },
    ipcRenderer: {},
    webUtils: {},
    BrowserWindow: class {
      readonly #noted: (typeof seen.windows)[number]
      constructor(options: { webPreferences: Record<string, unknown> }) {
        this.#noted = { options, url: '' }
        seen.windows.push(this.#noted)
      }
      once(): void {}
      on(): void {}
      loadURL(url: string): Promise<void> {
        this.#noted.url = url
        return Promise.resolve()
      }
    },
  }
})

const { openWindow } = await import('../../src-main/hosts/electron/window.ts')
const { contentSecurityPolicy, denyEverythingElse } =
  await import('../../src-main/hosts/electron/security.ts')
const { servePage } = await import('../../src-main/hosts/electron/page-protocol.ts')

beforeAll(() => denyEverythingElse())

test('the window is sandboxed and isolated, and nothing that protects it is turned off', () => {
  openWindow({
    preloadPath: '/bridge.cjs',
    state: { bounds: null, maximized: false },
    onState: () => undefined,
  })
  const [{ options, url }] = seen.windows as [(typeof seen.windows)[number]]
  expect(options.webPreferences).toEqual({
    preload: '/bridge.cjs',
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webviewTag: false,
    spellcheck: false,
  })
  expect(url).toBe('app://stackroom/')
})

test('every renderer there may ever be is sandboxed: main says so before the app is ready', () => {
  const source = readFileSync(join(root, 'src-main/hosts/electron/main.ts'), 'utf8')
  expect(source.indexOf('app.enableSandbox()')).toBeGreaterThan(0)
  expect(source.slice(source.indexOf('app.enableSandbox()'))).toContain('start().catch')
})

test('no page goes elsewhere, opens a window or embeds a webview', () => {
  const listeners = new Map<string, Handler>()
  let opening: Handler = () => undefined
  seen.app.get('web-contents-created')?.(
    {},
    {
      setWindowOpenHandler: (handler: Handler) => (opening = handler),
      on: (name: string, handler: Handler) => listeners.set(name, handler),
    },
  )
  expect(opening({ url: 'https://example.org/' })).toEqual({ action: 'deny' })
  for (const name of ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview']) {
    const preventDefault = vi.fn()
    listeners.get(name)?.({ preventDefault })
    expect(preventDefault, name).toHaveBeenCalledOnce()
  }
})

test('permissions are denied; only the own page may write the clipboard', () => {
  const request = (permission: string, requestingUrl: string): unknown => {
    const answer = vi.fn()
    seen.session.get('request')?.({}, permission, answer, { requestingUrl })
    return answer.mock.calls[0]?.[0]
  }
  const check = (permission: string, origin: string): unknown =>
    seen.session.get('check')?.({}, permission, origin)
  for (const ask of [request, check]) {
    for (const permission of [
      'media',
      'geolocation',
      'notifications',
      'clipboard-read',
      'openExternal',
      'hid',
    ])
      expect(ask(permission, 'app://stackroom/'), permission).toBe(false)
    expect(ask('clipboard-sanitized-write', 'https://example.org/')).toBe(false)
    expect(ask('clipboard-sanitized-write', 'app://stackroom/')).toBe(true)
  }
  expect(seen.session.get('device')?.({})).toBe(false)
})

test.each([
  ['app://stackroom/assets/index.js', false],
  ['blob:app://stackroom/7c0a', false],
  ['data:image/png;base64,AA==', false],
  ['https://example.org/', true],
  ['http://127.0.0.1:11434/', true],
  ['ws://127.0.0.1/', true],
  ['file:///etc/passwd', true],
  ['app://other/', true],
  ['blob:https://example.org/7c0a', true],
])('a request for %s is stopped: %s', (url, cancel) => {
  const answer = vi.fn()
  seen.session.get('before')?.({ url }, answer)
  expect(answer).toHaveBeenCalledWith({ cancel })
})

test('every file of the page comes with a policy that allows no inline script or style and no eval', async () => {
  servePage(join(root, 'src-renderer'))
  const answer = (await seen.protocols.get('app')?.(new Request('app://stackroom/index.html'))) as Response
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-security-policy')).toBe(contentSecurityPolicy)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  expect(contentSecurityPolicy).toContain("default-src 'none'")
  expect(contentSecurityPolicy).not.toMatch(/unsafe|\*|https?:/)
  const page = await answer.text()
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i)
})

test('the bridge gives the page three functions and nothing of Electron', async () => {
  await import('../../src-preload/bridge.ts')
  expect([...seen.exposed.keys()]).toEqual(['stackroom'])
  const bridge = seen.exposed.get('stackroom') as Record<string, unknown>
  expect(Object.keys(bridge)).toEqual(['send', 'onEvent', 'pathForFile'])
  for (const value of Object.values(bridge)) expect(typeof value).toBe('function')
})

test('nothing in the desktop host opens addresses, turns protection off or uses Chromium’s experiments', () => {
  const sources = globSync('src-{main,preload}/**/*.ts', { cwd: root })
  expect(sources.length).toBeGreaterThan(100)
  const never =
    /openExternal\(|webSecurity|allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures|commandLine\.append|loadFile\(|nodeIntegration(?!: false)|allowpopups/
  for (const path of sources) expect(readFileSync(join(root, path), 'utf8'), path).not.toMatch(never)
})
