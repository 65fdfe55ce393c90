/** PGVector among the kinds of stores: databases of PostgreSQL, whose tables are its collections. */
import { StackroomError, type StoreKind } from '#contract'
import type { SecretStore } from '#platform/secrets.ts'
import { joinAddress, splitAddress } from '../store-address.ts'
import type {
  CollectionPlace,
  FoundCollection,
  FoundStore,
  OpenedStore,
  OpenStoreOptions,
  StorePlace,
  VectorStoreKind,
} from '../store-kinds.ts'
import type { StoreCallOptions } from '../vector-store.ts'
import { parsePostgresAddress, shownAddress } from './postgres-address.ts'
import { defaultTable, tableName } from './table-schema.ts'

/** Followed by host and port: a password goes to nobody else. PGPASSWORD, which has none, is read for any, as PostgreSQL does. */
const keyName = 'PGPASSWORD'

/** PostgreSQL's client is loaded by the first who needs it: no start waits for it. */
const opening = () => import('./open-pg-vector-store.ts')

export class PgvectorKind implements VectorStoreKind {
  readonly info: StoreKind = {
    kind: 'pgvector',
    name: 'PGVector',
    schemes: ['postgres', 'postgresql'],
    examples: ['postgres://me@localhost:5432/database', 'postgres://me@host/database?sslmode=verify-full'],
    folders: false,
    collectionName: 'table',
  }
  readonly #secrets: SecretStore

  constructor({ secrets }: { readonly secrets: SecretStore }) {
    this.#secrets = secrets
  }

  /** The table stands behind `collection=`, or as LlamaIndex calls it behind `table=`; the schema stands for the database. */
  parse(address: string): StorePlace {
    const { rest, parameters } = splitAddress(address)
    const parsed = parsePostgresAddress(address)
    if (parsed.password !== undefined)
      throw new StackroomError('invalid-input', 'The address of a store never has a password in it.', {
        hint: 'Leave it out, and give the password by itself.',
      })
    const table = parameters.get('collection') ?? parsed.table
    const named = tableName({ name: table, schema: parsed.schema })
    return {
      kind: this.info.kind,
      // What stands before an @ is taken for a secret where addresses are kept.
      address: joinAddress('postgres', rest.replace(/\/+$/, '').replace(/^\/\/[^/]*@/, '//'), {
        user: parsed.user,
        sslmode: parameters.get('sslmode'),
        sslrootcert: parameters.get('sslrootcert'),
      }),
      location: shownAddress(parsed),
      folder: null,
      collection: table === undefined ? null : named.name,
      tenant: null,
      database: named.schema,
    }
  }

  addressOf({ address, collection, database }: StorePlace): string {
    const { rest, parameters } = splitAddress(address)
    return joinAddress('postgres', rest, {
      ...Object.fromEntries(parameters),
      collection,
      schema: database === defaultTable.schema ? null : database,
    })
  }

  keyNameOf({ address }: StorePlace): string {
    const { host, port } = parsePostgresAddress(address)
    return `${keyName}_${host}_${port}`.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_')
  }

  async inspect(place: StorePlace, { signal }: StoreCallOptions = {}): Promise<FoundStore> {
    const nothing = { collections: [], version: 'same', backupFolder: null, usedBy: null } as const
    try {
      const { listPgvectorCollections } = await opening()
      const tables = await listPgvectorCollections(place.address, await this.#password(place), { signal })
      const collections = tables.map(({ schema, name, records, dimension, metric }): FoundCollection => ({
        name,
        tenant: null,
        database: schema,
        records,
        dimensions: dimension,
        metric,
        embeddingFunction: null,
        maker: records === 0 ? 'empty' : 'llamaindex',
        metadata: {},
      }))
      return { ...nothing, collections, error: null }
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof StackroomError) || error.code === 'internal') throw error
      return { ...nothing, error }
    }
  }

  async open(place: CollectionPlace, { create, signal }: OpenStoreOptions = {}): Promise<OpenedStore> {
    if (create?.metric !== undefined && create.metric !== null && create.metric !== 'cosine')
      throw new StackroomError(
        'invalid-input',
        'LlamaIndex compares vectors in PostgreSQL by their cosine only.',
        {
          hint: 'Leave the metric out.',
        },
      )
    const where = { table: place.collection, schema: place.database ?? undefined }
    const { openPgvectorStore } = await opening()
    const store = await openPgvectorStore(
      place.address,
      { ...where, ...(await this.#password(place)), ...(create && { create: {} }) },
      { signal },
    )
    const isNew = !store.isThere
    return {
      store,
      isNew,
      facts: {
        embeddingFunction: null,
        metadata: {},
        maker: isNew || (await store.count({ signal })) === 0 ? 'empty' : 'llamaindex',
      },
      countDocuments: (options) => store.countDocuments(options),
      discard: () => store.drop(),
      close: () => store.close(),
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #password(place: StorePlace): Promise<{ password?: string }> {
    const password = await this.#secrets.get(this.keyNameOf(place))
    return password === null ? {} : { password }
  }
}
