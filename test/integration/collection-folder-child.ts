/** Changes a folder whose vectors are in Chroma, again and again, until it is killed; tells of each change that is done. */
import { join } from 'node:path'
import { CollectionFolders } from '#app/collection-folders.ts'
import { ChromaKind } from '#engine/stores/chroma/chroma-kind.ts'
import { StoreKinds } from '#engine/stores/store-kinds.ts'
import { FileSecretStore } from '#platform/secrets.ts'
import { buildNodes } from './storage-documents.ts'

const [home = '', start = '0'] = process.argv.slice(2)
const dataFolder = join(home, 'data')
const secrets = new FileSecretStore({ path: join(home, 'secrets.json') })
const kinds = new StoreKinds([new ChromaKind({ dataFolder, secrets })])
const folder = await new CollectionFolders({ dataFolder, kinds }).openFolder(join(home, 'storage'), {})
for (let number = Number(start); ; number++) {
  const texts = Array.from({ length: 20 }, (_, part) => `part ${part} of ${number}`)
  await folder.change({ insert: [buildNodes(`/d/${number}`, texts)], deleteRefDocIds: [`/d/${number - 2}`] })
  console.log(number)
}
