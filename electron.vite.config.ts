import { readdirSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

const here = (path: string): string => resolve(import.meta.dirname, path)

/** Every file in src-main/workers is the entry point of a worker thread or child process. */
const workers = Object.fromEntries(
  readdirSync(here('src-main/workers'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [`workers/${basename(file, '.ts')}`, here(`src-main/workers/${file}`)]),
)

export default defineConfig({
  main: {
    build: {
      outDir: here('out/main'),
      lib: {
        entry: {
          electron: here('src-main/hosts/electron/main.ts'),
          web: here('src-main/hosts/web/main.ts'),
          cli: here('src-main/hosts/cli/main.ts'),
          ...workers,
        },
        formats: ['es'],
      },
    },
  },
  preload: {
    build: {
      outDir: here('out/preload'),
      // A sandboxed preload script must be CommonJS, whatever the package's own type, and can require nothing but
      // electron: zod is bundled into it.
      externalizeDeps: false,
      lib: { entry: { bridge: here('src-preload/bridge.ts') }, formats: ['cjs'] },
    },
  },
  renderer: {
    root: here('src-renderer'),
    plugins: [react()],
    build: {
      outDir: here('out/renderer'),
      // less to read before the first picture
      minify: true,
      rollupOptions: { input: here('src-renderer/index.html') },
    },
  },
})
