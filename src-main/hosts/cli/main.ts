/** The `stackroom` command: reads the command line, runs one use case, and answers with an exit code. */
import { Command, CommanderError } from 'commander'
import { StackroomError, toErrorShape } from '#contract'
import { keepCompiledCode } from '#platform/compile-cache.ts'
import { dataFolderPath } from '#platform/data-folder.ts'
import { Log } from '#platform/log.ts'
import { keepNurserySmall } from '#platform/small-nursery.ts'
import { version } from '../paths.ts'
import { info } from './commands.ts'
import { addCopyCommand } from './copy-command.ts'
import { addFolderCommands } from './folder-commands.ts'
import { addIngestCommands } from './ingest-commands.ts'
import { addModelCommands } from './model-commands.ts'
import {
  addCollectionOptions,
  json as jsonOption,
  type CollectionOptions,
  type JsonOption,
} from './output.ts'
import { addPreviewCommand } from './preview-command.ts'
import { addSearchCommand } from './search-command.ts'
import { wholeNumber } from './whole-number.ts'

const json = jsonOption()
const controller = new AbortController()

function program(): Command {
  const command = new Command('stackroom')
    .description(
      'Turns folders of files into searchable indexes, in the storage folders that LlamaIndex writes.',
    )
    .version(version())
    .exitOverride()
    .showHelpAfterError('(Run with --help for the commands and their options.)')
  addIngestCommands(command, controller.signal)
  addPreviewCommand(command, controller.signal)
  addSearchCommand(command, controller.signal)
  addCollectionOptions(
    command
      .command('info')
      .description('what is in a storage folder, or in a Chroma folder: its collections, or one of them')
      .argument('<dir>', 'the storage folder, a Chroma folder, or the address of a vector store'),
  )
    .addOption(json)
    .action((folder: string, options: JsonOption & CollectionOptions) =>
      info(folder, options, controller.signal),
    )
  addFolderCommands(command, controller.signal)
  addCopyCommand(command, controller.signal)
  addModelCommands(command, controller.signal)
  command
    .command('serve')
    .description('serve the app on this machine, for a browser')
    .option('--port <number>', 'default: a free port', wholeNumber(0, 65_535), 0)
    .option('--no-open', 'do not open the browser')
    .action(async ({ port, open }: { port: number; open: boolean }) => {
      process.off('SIGINT', cancel)
      process.off('SIGTERM', cancel)
      const { serve } = await import('../web/main.ts')
      await serve({ port, openBrowser: open })
    })
  return command
}

function cancel(): void {
  controller.abort(new StackroomError('cancelled', 'Cancelled. What was finished is kept.'))
}

function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const shape = toErrorShape(error)
  if (shape.code === 'internal') new Log(dataFolderPath()).error('The command failed', error)
  console.error(shape.hint === undefined ? shape.message : `${shape.message}\n${shape.hint}`)
  if (shape.code === 'cancelled') return 130
  return shape.code === 'wrong-usage' ? 2 : 1
}

// Whoever reads our output may stop reading (`| head`): that is no error.
process.stdout.on('error', (error: Error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(0)
  throw error
})
process.once('SIGINT', cancel)
process.once('SIGTERM', cancel)
keepNurserySmall()
keepCompiledCode(dataFolderPath())
try {
  await program().parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitCodeFor(error)
} finally {
  process.off('SIGINT', cancel)
  process.off('SIGTERM', cancel)
}
