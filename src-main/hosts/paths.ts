/** Where the built window, the resources and the package are, from source and from the bundle alike. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'

/** The folder that holds package.json: above src-main when running from source, above out/ in a build. */
function packageFolder(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new StackroomError('internal', 'The package of Stackroom was not found.')
    folder = parent
  }
  return folder
}

export function resourcesFolder(): string {
  return join(packageFolder(), 'resources')
}

/** What `npm run build` makes. */
export function outFolder(): string {
  return join(packageFolder(), 'out')
}

export function rendererFolder(): string {
  const folder = join(outFolder(), 'renderer')
  if (!existsSync(join(folder, 'index.html'))) {
    throw new StackroomError('missing-file', 'The window has not been built yet.', {
      hint: 'Run: npm run build',
    })
  }
  return folder
}

export function version(): string {
  const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8')
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version
}
