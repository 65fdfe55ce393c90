/** The folder that the built app runs from: out/, its production dependencies, the resources that it reads. */
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import picomatch from 'picomatch'
import { z } from 'zod'
import { leftOut, productionFolders, type Target } from './contents.ts'
import { loadOnOlderSystems } from './load-on-older-systems.ts'

export const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
})

export function readManifest(packageFolder: string): z.infer<typeof manifestSchema> {
  return manifestSchema.parse(JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')))
}

/** Without the parts of the desktop window: what a browser and the command line need. */
export function writeAppFolder(packageFolder: string, folder: string, target: Target): void {
  const copy = (from: string, to = from): void =>
    cpSync(join(packageFolder, from), join(folder, to), { recursive: true })
  mkdirSync(folder, { recursive: true })
  const { name, version, description, license } = readManifest(packageFolder)
  const manifest = { name, version, description, license, type: 'module' }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  copy('out/main')
  copy('out/renderer')
  copy('resources/models')
  copy('resources/sample/documents')
  copyDependencies(packageFolder, folder, target)
  loadOnOlderSystems(folder)
}

function copyDependencies(packageFolder: string, folder: string, target: Target): void {
  const modules = join(packageFolder, 'node_modules')
  const isLeftOut = picomatch([...leftOut(target)], { dot: true })
  for (const dependency of productionFolders(packageFolder)) {
    const from = join(packageFolder, dependency)
    if (!existsSync(from)) continue
    const files = globSync('**', { cwd: from, withFileTypes: true, exclude: ['node_modules'] })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !isLeftOut(relative(modules, path)))
    // a package of which only its description is left is none
    if (files.every((path) => /(^|\/)(package\.json|LICEN[CS]E[^/]*)$/i.test(path))) continue
    for (const path of files) {
      const to = join(folder, relative(packageFolder, path))
      mkdirSync(dirname(to), { recursive: true })
      cpSync(path, to)
    }
  }
}
