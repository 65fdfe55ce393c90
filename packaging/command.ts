/** Runs the tools that packages are built with, and says in a sentence what is missing. */
import { spawnSync } from 'node:child_process'

/** What keeps a package from being built, in one line. */
export class CannotPackage extends Error {
  override readonly name = 'CannotPackage'
}

/** Throws CannotPackage with what the command printed. */
export function run(command: string, args: readonly string[], options: { cwd?: string } = {}): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error && 'code' in error && error.code === 'ENOENT')
    throw new CannotPackage(`${command} is not installed.`)
  if (error) throw error
  if (status !== 0)
    throw new CannotPackage(`${command} failed: ${(stderr || stdout).trim().replace(/\s*\n\s*/g, '; ')}`)
  return stdout
}

export function isInstalled(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0
}
