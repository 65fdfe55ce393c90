/** `stackroom copy`: an index from one store into another. */
import type { Command } from 'commander'
import { copyIndex, type CopiedIndex } from '#app/copy-index.ts'
import {
  addCollectionOptions,
  engineServices,
  json,
  print,
  type CollectionOptions,
  type JsonOption,
} from './output.ts'

interface CopyCommandOptions extends JsonOption, CollectionOptions {
  readonly to: string
}

export function addCopyCommand(command: Command, signal: AbortSignal): void {
  const copying = command
    .command('copy')
    .description(
      'copy an index into another place with its vectors; nothing is embedded, the source stays as it is',
    )
    .argument('<dir>', 'the storage folder, a Chroma folder, or the address of a vector store')
    .requiredOption(
      '--to <place>',
      'a new folder, or the address of a store with ?collection=<name>; a copy that was broken off goes on',
    )
  addCollectionOptions(copying)
    .addOption(json())
    .action((from: string, options: CopyCommandOptions) => copy(from, options, signal))
}

async function copy(from: string, options: CopyCommandOptions, signal: AbortSignal): Promise<void> {
  const { to, collection, tenant, database } = options
  await using services = engineServices()
  const isTold = !options.json && process.stderr.isTTY
  const copied = await copyIndex(services, from, to, {
    source: { collection, tenant, database },
    signal,
    onProgress: ({ phase, done, total }) => {
      if (isTold) process.stderr.write(`\r\u001b[K${phase}: ${done} of ${total}`)
    },
  })
  if (isTold) process.stderr.write('\r\u001b[K')
  print(options, copied, copiedText)
}

function copiedText({ nodes, alreadyThere, to, check }: CopiedIndex): string {
  const before = alreadyThere > 0 ? `, of which ${alreadyThere} were there already` : ''
  const answers =
    check.questions === null
      ? 'the two rank by different measures'
      : `${check.questions} questions have the same answers (${(check.agreement * 100).toFixed(1)} %)`
  return `${nodes} nodes are in ${to}${before}; ${check.vectors} vectors compared, ${answers}`
}
