/** Where a PostgreSQL database is, as its usual address says it: `postgres://user:password@host:5432/database?sslmode=require`. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { StackroomError } from '#contract'
import { explaining } from '#platform/file-errors.ts'

export interface PostgresAddress {
  readonly host: string
  readonly port: number
  /** Undefined: as PostgreSQL's own programs choose them, from PGUSER, PGDATABASE, PGPASSWORD and ~/.pgpass. */
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly tls: ConnectionOptions | false
  /** Of the query, as `?table=paul_graham_essay&schema=public`; undefined where they do not stand. */
  readonly table: string | undefined
  readonly schema: string | undefined
}

const defaultPort = 5432

/** Takes what SQLAlchemy calls it, too: `postgresql+psycopg2://`. Throws `invalid-input`. */
export function parsePostgresAddress(address: string): PostgresAddress {
  const url = URL.parse(address.replace(/^postgres(ql)?(\+[a-z0-9]+)?:/, 'postgres:'))
  if (!url || url.protocol !== 'postgres:' || url.hostname === '')
    throw new StackroomError('invalid-input', 'This is no address of a PostgreSQL database.', {
      hint: 'It looks like postgres://user@host:5432/database.',
    })
  const parameters = url.searchParams
  return {
    host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? defaultPort : Number(url.port),
    user: decoded(url.username) ?? parameters.get('user') ?? undefined,
    password: decoded(url.password),
    database: decoded(url.pathname.slice(1)),
    tls: tlsOf(parameters.get('sslmode'), parameters.get('sslrootcert')),
    table: parameters.get('table') ?? undefined,
    schema: parameters.get('schema') ?? undefined,
  }
}

/** For sentences: host, port and database, nothing secret. */
export function shownAddress({ host, port, database }: PostgresAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}${database === undefined ? '' : `/${database}`}`
}

function decoded(part: string): string | undefined {
  return part === '' ? undefined : decodeURIComponent(part)
}

/**
 * Whoever asks for encryption gets a server whose certificate is checked: libpq's `require`, which trusts any certificate, would
 * give the password to whoever stands between. `no-verify` is that, under a name that says it.
 */
function tlsOf(mode: string | null, rootCertificate: string | null): ConnectionOptions | false {
  switch (mode) {
    case null:
    case 'disable':
    case 'allow':
    case 'prefer':
      return false
    case 'no-verify':
      return { rejectUnauthorized: false }
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      if (rootCertificate === null) return { rejectUnauthorized: true }
      return {
        rejectUnauthorized: true,
        ca: explaining(rootCertificate, () => readFileSync(rootCertificate, 'utf8')),
      }
    default:
      throw new StackroomError('invalid-input', `“${mode.slice(0, 50)}” is no sslmode.`, {
        hint: 'Use verify-full, or no-verify for a certificate that cannot be checked.',
      })
  }
}
