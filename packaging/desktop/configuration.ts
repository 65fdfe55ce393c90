/**
 * How electron-builder packs the desktop app. Code is in an archive whose integrity the binary checks, native libraries are
 * beside it, models and sample documents are plain files: what opens them is no JavaScript.
 */
import type { Configuration } from 'electron-builder'
import { leftOut, type Target } from '../contents.ts'
import { loadOnOlderSystems } from '../load-on-older-systems.ts'

export interface DesktopOptions {
  readonly target: Target
  readonly distFolder: string
  /** The folder of Electron's binary. */
  readonly electronDist: string
  readonly electronVersion: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

export function desktopConfiguration(options: DesktopOptions): Configuration {
  const { target, distFolder, electronDist, electronVersion, environment } = options
  return {
    appId: 'app.stackroom.desktop',
    productName: 'Stackroom',
    copyright: 'The Stackroom developers, MIT License',
    artifactName: '${productName}-${version}-${os}-${arch}.${ext}',
    directories: { output: distFolder, buildResources: 'packaging/desktop' },
    electronDist,
    electronVersion,
    // every native library is prebuilt for Node's stable interface
    npmRebuild: false,
    // else whole packages with a native library would lie beside the archive, their code unchecked
    asar: { smartUnpack: false },
    files: [
      'out/**',
      '!out/main/{cli,web}.js',
      'package.json',
      ...leftOut(target).map((pattern) => `!node_modules/${pattern}`),
    ],
    asarUnpack: ['**/*.node', '**/*.{so,so.*,dylib,dll}'],
    extraResources: [
      { from: 'resources/models', to: 'models' },
      { from: 'resources/sample/documents', to: 'sample/documents' },
    ],
    electronFuses: {
      // Chroma's engine is a child process of this binary, which Node's fork() starts through this
      runAsNode: true,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    },
    afterPack: ({ appOutDir, electronPlatformName }) => {
      if (electronPlatformName === 'linux') loadOnOlderSystems(appOutDir)
      return Promise.resolve()
    },
    publish: null,
    linux: {
      target: ['AppImage', 'deb'],
      executableName: 'stackroom-desktop',
      category: 'Office',
      synopsis: 'Search your documents by meaning',
      maintainer: 'The Stackroom developers <stackroom@localhost>',
    },
    // the command line's own package is named stackroom
    deb: {
      packageName: 'stackroom-desktop',
      depends: ['libgtk-3-0', 'libnss3', 'libasound2', 'libsecret-1-0'],
    },
    mac: {
      target: ['dmg', 'zip'],
      category: 'public.app-category.productivity',
      hardenedRuntime: true,
      gatekeeperAssess: false,
      entitlements: 'packaging/desktop/entitlements.mac.plist',
      entitlementsInherit: 'packaging/desktop/entitlements.mac.plist',
      // with a certificate in CSC_LINK or the keychain, and what Apple asks for
      notarize: Boolean(environment['APPLE_ID'] || environment['APPLE_API_KEY']),
    },
    win: { target: ['nsis', 'portable'] },
    nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true },
    portable: { artifactName: '${productName}-${version}-portable-${arch}.${ext}' },
  }
}
