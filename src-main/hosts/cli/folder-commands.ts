/** The commands that look after a storage folder: persist, verify and repair, remove documents. */
import { Option, type Command } from 'commander'
import {
  StackroomError,
  type FolderProblem,
  type ModelCheck,
  type Removal,
  type VerifyReport,
} from '#contract'
import { modelVerdictOf, withModelVerdict } from '#app/model-of-files.ts'
import { removeDocuments } from '#app/remove-documents.ts'
import { isStoreAddress } from '#engine/stores/store-address.ts'
import { repairStorageFolder, verifyStorageFolder } from '#engine/storage/verify/verify-storage-folder.ts'
import { dataFolderPath } from '#platform/data-folder.ts'
import {
  addCollectionOptions,
  engineServices,
  json,
  openKnowledgeBase,
  print,
  verdictText,
  type CollectionOptions,
  type JsonOption,
} from './output.ts'

type Side = 'files' | 'stackroom'

export function addFolderCommands(command: Command, signal: AbortSignal): void {
  command
    .command('persist')
    .description("bring the JSON files of a storage folder up to date with Stackroom's working store")
    .argument('<dir>', 'the storage folder')
    .addOption(
      new Option(
        '--keep <side>',
        'when another program changed the files while Stackroom had changes of its own: whose to keep; the other side goes into a backup',
      ).choices(['files', 'stackroom']),
    )
    .action((folder: string, { keep }: { keep?: Side }) => persist(folder, keep, signal))
  command
    .command('verify')
    .description(
      'read everything in a storage folder or a Chroma folder and tell what is inconsistent; exit code 1 if anything is',
    )
    .argument('<dir>', 'the folder')
    .option('--repair', 'mend what can be mended without inventing data, after a backup')
    .option('--no-model', 'do not compare the vectors with an embed model')
    .addOption(json())
    .action((folder: string, options: VerifyOptions) => verify(folder, options, signal))
  const removing = command
    .command('remove')
    .description('take documents out of an index; their files stay where they are')
    .argument('<dir>', 'the storage folder, a Chroma folder, or the address of a vector store')
    .argument('<ref-doc-id...>', 'ids of documents, as ref_doc_info has them; of indexed files their paths')
    .option('--keep-in-docstore', 'only the vectors and the index forget them')
  addCollectionOptions(removing)
    .addOption(json())
    .action((folder: string, refDocIds: string[], options: RemoveOptions) =>
      remove(folder, refDocIds, options, signal),
    )
}

async function persist(folder: string, keep: Side | undefined, signal: AbortSignal): Promise<void> {
  await using services = engineServices()
  const storage = await openKnowledgeBase(services, folder, {}, signal)
  const { conflict } = await storage.summary()
  if (conflict && keep === undefined)
    throw new StackroomError(
      'both-sides-changed',
      'Another program changed the JSON files while Stackroom had changes of its own for them.',
      { hint: 'Nothing was overwritten. Choose whose to keep: --keep files, or --keep stackroom.' },
    )
  if (conflict && keep !== undefined) {
    const { backup } = await storage.resolveConflict(keep, { signal })
    process.stdout.write(`The other side is in ${backup}\n`)
  }
  await storage.persist({ signal })
}

interface VerifyOptions extends JsonOption {
  readonly repair?: boolean
  readonly model: boolean
}

async function verify(pathOrAddress: string, options: VerifyOptions, signal: AbortSignal): Promise<void> {
  const persistDir = await folderAt(pathOrAddress)
  const work = options.repair ? repairStorageFolder : verifyStorageFolder
  const onProgress = options.json || !process.stderr.isTTY ? undefined : showProgress
  const found = await work({
    persistDir,
    dataFolder: dataFolderPath(),
    signal,
    ...(onProgress && { onProgress }),
  }).finally(() => onProgress && process.stderr.write('\r\u001b[K'))
  await using services = engineServices()
  const verdict = (): Promise<ModelCheck> => modelVerdictOf(services.checks, found.persistDir, signal)
  const report = options.model ? await withModelVerdict(found, verdict, signal) : found
  print(options, report, reportText)
  if (!report.ok) process.exitCode = 1
}

/** Of an address the folder that it is of, which has to be on this machine. */
async function folderAt(pathOrAddress: string): Promise<string> {
  if (!isStoreAddress(pathOrAddress)) return pathOrAddress
  await using services = engineServices()
  const { folder, location } = services.stores.placeOf(pathOrAddress)
  if (folder !== null) return folder
  throw new StackroomError('invalid-input', `${location} is no folder on this machine.`, {
    hint: 'Only folders can be verified.',
  })
}

function showProgress(bytesDone: number, bytesTotal: number): void {
  const percent = bytesTotal === 0 ? 100 : Math.floor((bytesDone / bytesTotal) * 100)
  process.stderr.write(`\r\u001b[Kreading: ${percent} %`)
}

function reportText(report: VerifyReport): string {
  const { errors, warnings, notes, documents, nodes, vectors, seconds, problems, repair, model } = report
  const lines = repair?.actions.map(({ message }) => message) ?? []
  if (repair?.backup) lines.push(`The files as they were are in ${repair.backup}`)
  if (repair && repair.actions.length === 0) lines.push('There was nothing that could be mended.')
  if (repair) lines.push(problems.length === 0 ? 'Nothing else is wrong.' : 'What remains:')
  lines.push(...problems.map(problemText))
  if (report.truncated) {
    for (const [code, count] of Object.entries(report.counts)) {
      const listed = problems.filter((problem) => problem.code === code).length
      if (count > listed) lines.push(`… and ${count - listed} more of ${code}`)
    }
  }
  if (report.counts['node-without-vector'])
    lines.push(
      'Nodes without a vector can be embedded again: `stackroom remove` their document, and index its file again.',
    )
  if (!repair && problems.some(({ repairable }) => repairable))
    lines.push('`stackroom verify --repair` mends what can be mended, after a backup.')
  if (model) lines.push(`model: ${model.id ?? 'not known'} (${verdictText(model.verdict, model.score)})`)
  lines.push(
    `${counted(errors, 'error')}, ${counted(warnings, 'warning')}, ${counted(notes, 'note')} in ${counted(documents, 'document')}, ${counted(nodes, 'node')} and ${counted(vectors, 'vector')} (${seconds.toFixed(1)} s)`,
  )
  return lines.join('\n')
}

function problemText({ severity, code, message, file, section, offset }: FolderProblem): string {
  const place = [file, section, offset === null ? null : `byte ${offset}`].filter((part) => part !== null)
  return `${severity} ${code} (${place.join(', ')}): ${message}`
}

interface RemoveOptions extends JsonOption, CollectionOptions {
  readonly keepInDocstore?: boolean
}

async function remove(
  folder: string,
  refDocIds: readonly string[],
  options: RemoveOptions,
  signal: AbortSignal,
): Promise<void> {
  await using services = engineServices()
  const storage = await openKnowledgeBase(services, folder, options, signal)
  const keepInDocstore = options.keepInDocstore ?? false
  const removal = await removeDocuments(storage, { refDocIds, keepInDocstore, signal })
  print(options, removal, removalText)
  if (removal.unknown.length > 0)
    throw new StackroomError('not-found', `Not in the index: ${removal.unknown.join(', ')}`, {
      hint: 'The ids of documents are the keys of ref_doc_info in docstore.json.',
    })
}

function removalText({ removed }: Removal): string {
  return counted(removed.length, 'document') + ' removed'
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}
