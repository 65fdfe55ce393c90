/**
 * What is in a Chroma folder, read from its files without Chroma's engine and without changing anything: every tenant, database
 * and collection, and the records of a collection, page by page.
 */
import { mkdirSync, realpathSync } from 'node:fs'
import { z } from 'zod'
import { explainFileError } from '#platform/file-errors.ts'
import { readCollections, scalarOf, scalarRowSchema, type ChromaCollection } from './chroma-collections.ts'
import { ChromaDatabase } from './chroma-database.ts'

export interface ChromaTenant {
  readonly tenant: string
  readonly databases: readonly string[]
}

export interface ChromaRecord {
  readonly id: string
  readonly document: string | null
  readonly uri: string | null
  readonly metadata: Readonly<Record<string, ChromaValue | readonly ChromaValue[]>>
}
export type ChromaValue = string | number | boolean | null

const documentKey = 'chroma:document'
const uriKey = 'chroma:uri'

const recordRowsSchema = z.array(z.object({ id: z.number(), embedding_id: z.string() }))
const metadataRowsSchema = z.array(scalarRowSchema)

export class ChromaFolder implements Disposable {
  readonly path: string
  readonly #database: ChromaDatabase

  /** Throws `path-missing`, `damaged-file`, `permission-denied`. `dataFolder` is Stackroom’s. */
  constructor(folder: string, dataFolder: string) {
    try {
      this.path = realpathSync(folder)
      mkdirSync(dataFolder, { recursive: true })
      this.#database = ChromaDatabase.open(this.path, dataFolder)
    } catch (error) {
      throw explainFileError(error, folder)
    }
  }

  /** The last migration of each part: which versions of Chroma can open it. */
  get migrations(): Readonly<Record<string, number>> {
    return this.#reading(() =>
      Object.fromEntries(
        z
          .array(z.object({ dir: z.string(), version: z.number() }))
          .parse(this.#database.rows('SELECT dir, max(version) AS version FROM migrations GROUP BY dir'))
          .map(({ dir, version }) => [dir, version]),
      ),
    )
  }

  /** Also those without a collection. */
  get tenants(): ChromaTenant[] {
    return this.#reading(() => {
      if (!this.#database.hasTable('tenants'))
        return [{ tenant: 'default_tenant', databases: ['default_database'] }]
      const rows = z
        .array(z.object({ tenant: z.string(), name: z.string().nullable() }))
        .parse(
          this.#database.rows(
            'SELECT t.id AS tenant, d.name FROM tenants t LEFT JOIN databases d ON d.tenant_id = t.id ORDER BY 1, 2',
          ),
        )
      return [...Map.groupBy(rows, ({ tenant }) => tenant)].map(([tenant, ofTenant]) => ({
        tenant,
        databases: ofTenant.flatMap(({ name }) => (name === null ? [] : [name])),
      }))
    })
  }

  get collections(): ChromaCollection[] {
    return this.#reading(() => readCollections(this.#database))
  }

  /** In the order in which they were added. Vectors are not among them. */
  records(
    { metadataSegment }: ChromaCollection,
    { offset = 0, limit = 100 }: { offset?: number; limit?: number } = {},
  ): ChromaRecord[] {
    if (!metadataSegment) return []
    return this.#reading(() =>
      recordRowsSchema
        .parse(
          this.#database.rows(
            'SELECT id, embedding_id FROM embeddings WHERE segment_id = ? ORDER BY id LIMIT ? OFFSET ?',
            metadataSegment.id,
            limit,
            offset,
          ),
        )
        .map(({ id, embedding_id }) => this.#record(id, embedding_id)),
    )
  }

  /** How many values the records have under a key of their metadata; without a key, how many records there are. */
  countValues({ metadataSegment, records }: ChromaCollection, key: string | null): number {
    if (!metadataSegment || key === null) return records
    return this.#reading(() =>
      this.#database.number(
        `SELECT count(DISTINCT m.string_value) FROM embeddings e JOIN embedding_metadata m ON m.id = e.id
         WHERE e.segment_id = ? AND m.key = ?`,
        metadataSegment.id,
        key,
      ),
    )
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]()
  }

  #record(row: number, id: string): ChromaRecord {
    const metadata = new Map<string, ChromaValue | ChromaValue[]>()
    for (const entry of this.#metadata('embedding_metadata', row)) metadata.set(entry.key, scalarOf(entry))
    if (this.#database.hasTable('embedding_metadata_array'))
      for (const entry of this.#metadata('embedding_metadata_array', row)) {
        const values = metadata.get(entry.key)
        if (Array.isArray(values)) values.push(scalarOf(entry))
        else metadata.set(entry.key, [scalarOf(entry)])
      }
    const document = metadata.get(documentKey)
    const uri = metadata.get(uriKey)
    metadata.delete(documentKey)
    metadata.delete(uriKey)
    return {
      id,
      document: typeof document === 'string' ? document : null,
      uri: typeof uri === 'string' ? uri : null,
      metadata: Object.fromEntries(metadata),
    }
  }

  #metadata(table: string, row: number): z.infer<typeof metadataRowsSchema> {
    // The first versions have no booleans.
    const bool = this.#database.hasColumn(table, 'bool_value') ? 'bool_value' : 'NULL'
    return metadataRowsSchema.parse(
      this.#database.rows(
        `SELECT key, string_value AS str_value, int_value, float_value, ${bool} AS bool_value FROM ${table} WHERE id = ? ORDER BY rowid`,
        row,
      ),
    )
  }

  #reading<Value>(work: () => Value): Value {
    try {
      return work()
    } catch (error) {
      throw explainFileError(error, this.path)
    }
  }
}
