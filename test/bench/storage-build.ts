/** Builds what the storage benchmark runs, as the app is built: users do not run the sources. */
import { join } from 'node:path'
import { build } from 'vite'
import { cacheFolder } from './storage-folders.ts'

const root = join(import.meta.dirname, '../..')
const worker = (name: string): string => join(root, `src-main/workers/${name}.ts`)

/** Answers with the path of the built storage-measure.ts. */
export async function buildMeasure(): Promise<string> {
  const outDir = join(cacheFolder, 'built')
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    // As in electron.vite.config.ts.
    ssr: { noExternal: ['zod'] },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      minify: false,
      rollupOptions: {
        input: {
          measure: join(import.meta.dirname, 'storage-measure.ts'),
          'workers/storage-reader': worker('storage-reader'),
          'workers/storage-writer': worker('storage-writer'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
  return join(outDir, 'measure.js')
}
