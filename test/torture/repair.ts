/**
 * Kills a process that repairs a damaged storage folder. Whatever it left: the files are as they were found, or there is a
 * whole copy of them in the backups; and repairing again comes to what an undisturbed repair comes to.
 */
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StackroomError } from '#contract'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { verifyStorageFolder } from '#engine/storage/verify/verify-storage-folder.ts'
import { documentOf } from './plan.ts'
import { isSame, readFolder, type Contents } from './read-folder.ts'
import { makeVictim, readSteps, runChild, type Kill, type LookWithPython, type StepCall } from './torture.ts'

/** What was done to the folder. The last three have a working store that has everything, or had it. */
export const damages = ['entries', 'cut off', 'can be restored', 'working store', 'both'] as const
export type Damage = (typeof damages)[number]

interface Folder {
  readonly persistDir: string
  readonly dataFolder: string
}

/** A damaged folder, what its files were, and what an undisturbed repair makes of them. */
export interface Patient extends AsyncDisposable {
  readonly damage: Damage
  readonly home: string
  readonly files: ReadonlyMap<string, Buffer>
  readonly repaired: Contents
  readonly steps: readonly StepCall[]
  /** Of the undisturbed repair. */
  readonly ms: number
}

export async function makePatient(damage: Damage): Promise<Patient> {
  const home = await mkdtemp(join(tmpdir(), 'stackroom-torture-repair-'))
  const remove = (): Promise<void> => rm(home, { recursive: true, force: true })
  try {
    const { victim } = await makeVictim(home, 'python')
    const damaged = join(home, 'damaged')
    await cp(victim.persistDir, damaged, { recursive: true })
    if (damage !== 'entries' && damage !== 'cut off') await workOn(damaged, victim.dataFolder)
    harm(damaged, damage)
    const files = filesIn(damaged)
    const folder = await copyOf(home)
    const log = join(home, 'steps')
    const { ms } = await repair(folder, {}, log)
    const repaired = readFolder(folder.persistDir)
    if (isSame(repaired, readFolderOrNull(damaged))) throw new Error(`Nothing of ${damage} was repaired.`)
    await requireSound(folder, damage)
    return { damage, home, files, repaired, steps: readSteps(log), ms, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Leaves a working store that has what the files have. */
async function workOn(persistDir: string, dataFolder: string): Promise<void> {
  await using storage = await openStorageFolder({ persistDir, dataFolder })
  const planned = { id: '/kept.txt', texts: ['one that is kept', 'and another'], generation: 0 }
  await storage.change({ insert: [documentOf(planned)] })
  await storage.persist()
}

function harm(persistDir: string, damage: Damage): void {
  const docstore = join(persistDir, 'docstore.json')
  const cutOff = (): void => truncateSync(docstore, Math.floor(statSync(docstore).size * 0.7))
  if (damage === 'cut off' || damage === 'can be restored' || damage === 'both') cutOff()
  if (damage === 'entries' || damage === 'working store') harmEntries(persistDir)
  if (damage !== 'working store' && damage !== 'both') return
  const path = join(persistDir, '.stackroom/working.sqlite')
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0x5a, 4096))
}

type Json = Record<string, Record<string, unknown>>

function harmEntries(persistDir: string): void {
  const edit = (file: string, change: (content: Json) => void): void => {
    const content = JSON.parse(readFileSync(join(persistDir, file), 'utf8')) as Json
    change(content)
    writeFileSync(join(persistDir, file), JSON.stringify(content))
  }
  edit('default__vector_store.json', (content) => {
    content['embedding_dict']!['stray'] = Array(384).fill(0.5)
    delete content['metadata_dict']![Object.keys(content['metadata_dict']!)[0]!]
  })
  edit('docstore.json', (content) => {
    delete content['docstore/ref_doc_info']![Object.keys(content['docstore/ref_doc_info']!)[0]!]
    delete content['docstore/metadata']![Object.keys(content['docstore/data']!)[0]!]
  })
}

/** Throws an Error that says what is wrong. Answers whether the files were touched when it was killed. */
export async function tortureRepair(
  patient: Patient,
  kill: Kill,
  { python = null, openBetween = false }: { python?: LookWithPython | null; openBetween?: boolean } = {},
): Promise<'untouched' | 'touched' | 'not killed'> {
  const folder = await copyOf(patient.home)
  const { killed } = await repair(folder, kill)
  const found = filesIn(folder.persistDir)
  const isTouched = !isEqual(found, patient.files)
  if (isTouched) requireBackup(folder, patient)
  rmSync(join(folder.dataFolder, 'steps'), { force: true })
  if (openBetween) await openAsFarAsPossible(folder)
  await repair(folder, {})
  requireBackup(folder, patient)
  if (!isSame(readFolder(folder.persistDir), patient.repaired))
    throw new Error('Repairing again comes to something else than an undisturbed repair.')
  await requireSound(folder, patient.damage)
  if (python && !isSame(await python(folder.persistDir), patient.repaired))
    throw new Error('Python sees something else in the repaired folder.')
  await rm(join(folder.persistDir, '..'), { recursive: true })
  return killed ? (isTouched ? 'touched' : 'untouched') : 'not killed'
}

function repair(folder: Folder, kill: Kill, log?: string): ReturnType<typeof runChild> {
  return runChild(folder, { operations: [{ kind: 'repair' }] }, kill, log)
}

async function copyOf(home: string): Promise<Folder> {
  const copy = await mkdtemp(join(home, 'copy-'))
  const folder = { persistDir: join(copy, 'storage “1”'), dataFolder: join(copy, 'data') }
  await cp(join(home, 'damaged'), folder.persistDir, { recursive: true, preserveTimestamps: true })
  await mkdir(folder.dataFolder)
  return folder
}

/** What is still broken may be refused, with a sentence. */
async function openAsFarAsPossible(folder: Folder): Promise<void> {
  try {
    const storage = await openStorageFolder(folder)
    await storage.close()
  } catch (error) {
    if (!(error instanceof StackroomError) || !['damaged-file', 'missing-file'].includes(error.code))
      throw error
  }
}

/** A cut-off file has lost what came after: the nodes that are left may name others, which is told and stays. */
async function requireSound(folder: Folder, damage: Damage): Promise<void> {
  const { counts, problems } = await verifyStorageFolder(folder)
  const left = problems.filter(({ severity, repairable }) => severity === 'error' && repairable)
  const names = [...readdirSync(folder.persistDir), ...readdirSync(join(folder.persistDir, '.stackroom'))]
  const leftovers = names.filter((name) => /stackroom-new|\.new$|commit\.json/.test(name))
  if (leftovers.length > 0) throw new Error(`Left behind: ${leftovers.join(', ')}`)
  if (left.length > 0 || counts['damaged-file'])
    throw new Error(`Left after repairing ${damage}: ${JSON.stringify(left)}`)
}

/** Of every file beside the working folder. */
function filesIn(persistDir: string): Map<string, Buffer> {
  return new Map(
    readdirSync(persistDir, { withFileTypes: true }).flatMap((entry) =>
      entry.isFile() && entry.name.endsWith('.json')
        ? [[entry.name, readFileSync(join(persistDir, entry.name))] as const]
        : [],
    ),
  )
}

function isEqual(one: ReadonlyMap<string, Buffer>, other: ReadonlyMap<string, Buffer>): boolean {
  return one.size === other.size && [...one].every(([name, bytes]) => other.get(name)?.equals(bytes))
}

function requireBackup({ persistDir }: Folder, { files }: Patient): void {
  const backups = join(persistDir, '.stackroom/backups')
  const whole = readdirSync(backups).filter((name) => !name.endsWith('.new'))
  if (!whole.some((name) => isEqual(filesIn(join(backups, name)), files)))
    throw new Error('The files were touched, and no backup has what they were.')
}

function readFolderOrNull(persistDir: string): Contents | null {
  try {
    return readFolder(persistDir)
  } catch {
    return null
  }
}
