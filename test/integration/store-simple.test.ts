/** The conformance suite against a storage folder's own vector store. */
import { afterAll, beforeAll } from 'vitest'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { SimpleVectorStore } from '#engine/stores/simple/simple-vector-store.ts'
import { keepCompiled } from './keep-compiled.ts'
import { TestFolder } from './storage-test-folder.ts'
import { conformsToVectorStore, type StoreHarness } from './store-conformance.ts'

let compiled: AsyncDisposable
beforeAll(async () => {
  compiled = await keepCompiled()
})
afterAll(() => compiled[Symbol.asyncDispose]())

function simpleStore(): Promise<StoreHarness> {
  const folders: TestFolder[] = []
  let open: StorageFolder
  return Promise.resolve({
    async empty() {
      const folder = await TestFolder.make()
      folders.push(folder)
      open = await folder.create()
      return new SimpleVectorStore(open)
    },
    again: () => Promise.resolve(new SimpleVectorStore(open)),
    async [Symbol.asyncDispose]() {
      for (const folder of folders) await folder[Symbol.asyncDispose]()
    },
  })
}

conformsToVectorStore('The vector store of a storage folder', simpleStore)
