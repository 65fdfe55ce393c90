/**
 * Which other processes have a Chroma folder open. Chroma takes no lock while it is idle (SQLite's journal is a rollback
 * journal), and two engines on one folder spoil its vector index: so the open files of other processes are looked at.
 */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StackroomError } from '#contract'
import { chromaFile } from './folder-version.ts'

export interface FolderUser {
  readonly pid: number
  /** Its command line, shortened; empty where it is not told. */
  readonly command: string
}

export function folderInUse(folder: string, { pid, command }: FolderUser): StackroomError {
  const who = command === '' ? 'Another program' : `“${command}”`
  return new StackroomError('locked', `${who} (process ${pid}) has the Chroma folder ${folder} open.`, {
    hint: 'Close it first: two programs that write to one folder spoil its vector index.',
  })
}

/** Those of them that this user may see. On Windows none: there is no means without a driver. */
export async function folderUsers(folder: string, except: readonly number[]): Promise<FolderUser[]> {
  const path = join(folder, chromaFile)
  if (!existsSync(path)) return []
  const file = realpathSync(path)
  const users =
    process.platform === 'linux'
      ? usersFromProc(file)
      : process.platform === 'darwin'
        ? await usersFromLsof(file)
        : []
  return users.filter(({ pid }) => !except.includes(pid))
}

function usersFromProc(file: string): FolderUser[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    if (!Number.isInteger(pid) || !hasOpen(pid, file)) return []
    return [{ pid, command: commandOf(pid) }]
  })
}

function hasOpen(pid: number, file: string): boolean {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).some((name) => linkOf(join(folder, name)) === file)
  } catch {
    // Another user's process, or one that has just ended.
    return false
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

function commandOf(pid: number): string {
  try {
    return shortened(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\u0000', ' '))
  } catch {
    return ''
  }
}

async function usersFromLsof(file: string): Promise<FolderUser[]> {
  try {
    // -F: one field a line, p with the process, c with its command. Ends with an error when nobody has it open.
    const { stdout } = await promisify(execFile)('/usr/sbin/lsof', ['-F', 'pc', '--', file], {
      timeout: 5000,
    })
    return stdout
      .split(/^p/m)
      .filter(Boolean)
      .map((part) => {
        const [pid = '', ...fields] = part.split('\n')
        return { pid: Number(pid), command: fields.find((field) => field.startsWith('c'))?.slice(1) ?? '' }
      })
  } catch {
    return []
  }
}

function shortened(command: string): string {
  const text = command.trim()
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
