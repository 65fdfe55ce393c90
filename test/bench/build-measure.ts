/** Builds what a benchmark runs in a process of its own, as the app is built: users do not run the sources. */
import { join } from 'node:path'
import { build } from 'vite'
import { cacheFolder } from './storage-folders.ts'

const root = join(import.meta.dirname, '../..')

/**
 * @param name of a file in this folder
 * @param workers names of the worker threads that it starts
 * @returns the path of the built file
 */
export async function buildMeasure(name: string, workers: readonly string[]): Promise<string> {
  const outDir = join(cacheFolder, 'built', name)
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
          [name]: join(import.meta.dirname, `${name}.ts`),
          ...Object.fromEntries(
            workers.map((worker) => [`workers/${worker}`, join(root, `src-main/workers/${worker}.ts`)]),
          ),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
  return join(outDir, `${name}.js`)
}
