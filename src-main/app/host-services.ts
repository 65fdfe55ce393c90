/** What a host can do for the app that another cannot: dialogs, the file manager. */
import type { CommandInput } from '#contract'
import type { FilePlace } from '#platform/open-at-place.ts'
import type { SecretStore } from '#platform/secrets.ts'

export interface HostServices {
  readonly host: 'electron' | 'web'
  /** Where keys are kept. Absent: the environment, then a file that only the user can read. */
  readonly secrets?: SecretStore
  /** Absent where there are no native dialogs. Null when the user cancelled. */
  readonly chooseFiles?: (kind: CommandInput<'dialogs.chooseFiles'>['kind']) => Promise<string[] | null>
  /** Opens a file with the program that the system uses for it, at the place where that program can. */
  readonly openFile?: (path: string, place: FilePlace) => Promise<void>
  /** Shows a file or folder in the system's file manager. */
  readonly reveal?: (path: string) => void
}
