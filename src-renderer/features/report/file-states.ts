/** The states of files in words, and why files are left out. */
import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleMinus,
  CirclePlus,
  CircleX,
  MoveRight,
  Pencil,
  type LucideIcon,
} from 'lucide-react'
import type { FileState, ReportedFile } from '#contract'

export interface FileStateLook {
  readonly state: FileState
  readonly label: string
  readonly icon: LucideIcon
}

/** In the order in which they are offered. */
export const fileStates: readonly FileStateLook[] = [
  { state: 'failed', label: 'Failed', icon: CircleX },
  { state: 'missing', label: 'Gone', icon: CircleAlert },
  { state: 'added', label: 'Added', icon: CirclePlus },
  { state: 'changed', label: 'Changed', icon: Pencil },
  { state: 'moved', label: 'Moved', icon: MoveRight },
  { state: 'removed', label: 'Removed', icon: CircleMinus },
  { state: 'unchanged', label: 'Unchanged', icon: CircleCheck },
  { state: 'skipped', label: 'Skipped', icon: CircleDashed },
]

export function lookOf(state: FileState): FileStateLook {
  const look = fileStates.find((other) => other.state === state)
  if (look === undefined) throw new Error(`No file is ${state}.`)
  return look
}

const reasons: Readonly<Record<string, string>> = {
  hidden: 'Hidden.',
  'ignored-folder': 'A folder that programs fill.',
  'system-file': 'A file of the system.',
  excluded: 'Left out by a pattern of this source.',
  'not-included': 'No pattern of this source includes it.',
  gitignore: 'Named by .gitignore.',
  stackroomignore: 'Named by .stackroomignore.',
  'too-large': 'Larger than this source allows.',
  'storage-folder': 'An index, not a document.',
  'unsupported-type': 'Of a kind that is not read.',
  'already-scanned': 'A second way to what is read anyway.',
  'not-a-file': 'Not a file.',
}

/** Why a file is in its state, or where it was; null where there is nothing to say. */
export function causeOf({ state, code, message, from }: ReportedFile): string | null {
  if (from !== null) return `Was ${from}`
  if (message !== null) return message
  if (state === 'missing') return 'Its documents are still in the index.'
  return code === null ? null : (reasons[code] ?? code)
}

/** A cause that stands for many files, without its full stop. */
export function shortReason(code: string): string {
  return (reasons[code] ?? code).replace(/\.$/, '')
}
