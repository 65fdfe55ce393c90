/** The system's own dialogs and file manager. */
import { dialog, shell, type BrowserWindow, type OpenDialogOptions } from 'electron'
import { StackroomError, type CommandInput } from '#contract'
import type { HostServices } from '#app/host-services.ts'
import { openAtPlace } from '#platform/open-at-place.ts'

type DialogKind = CommandInput<'dialogs.chooseFiles'>['kind']

const dialogs: Readonly<Record<DialogKind, OpenDialogOptions>> = {
  // one dialog for files and folders alike exists on macOS only; elsewhere folders are what people index
  sources: {
    title: 'Choose what to index',
    properties:
      process.platform === 'darwin'
        ? ['openFile', 'openDirectory', 'multiSelections']
        : ['openDirectory', 'multiSelections'],
  },
  file: { title: 'Choose a file', properties: ['openFile'] },
  'storage-folder': { title: 'Open a storage folder or a Chroma folder', properties: ['openDirectory'] },
  'model-folder': { title: 'Choose the folder of an embedding model', properties: ['openDirectory'] },
  'store-folder': {
    title: 'Choose a Chroma folder, or a folder for a new one',
    properties: ['openDirectory', 'createDirectory'],
  },
  'parent-folder': { title: 'Choose a folder', properties: ['openDirectory', 'createDirectory'] },
}

export function electronServices(window: () => BrowserWindow | null): HostServices {
  return {
    host: 'electron',
    async chooseFiles(kind) {
      const parent = window()
      const options = dialogs[kind]
      const { canceled, filePaths } = parent
        ? await dialog.showOpenDialog(parent, options)
        : await dialog.showOpenDialog(options)
      return canceled ? null : filePaths
    },
    async openFile(path, place) {
      if (await openAtPlace(path, place)) return
      const problem = await shell.openPath(path)
      if (problem !== '')
        throw new StackroomError('not-found', 'The system has no program that opens this file.', {
          cause: problem,
        })
    },
    reveal: (path) => shell.showItemInFolder(path),
  }
}
