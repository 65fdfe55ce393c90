/** Addresses of Chroma: `chroma:<folder>`, `chroma+http://host:port/path`, and a collection of one of them. */
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { StackroomError } from '#contract'
import { folderInAddress, folderOfAddress, joinAddress, splitAddress } from '../store-address.ts'
import type { StorePlace } from '../store-kinds.ts'
import { defaultDatabase } from './chroma-client.ts'
import { chromaFile } from './folder-version.ts'

/** Throws `invalid-input`. */
export function parseChromaAddress(address: string): StorePlace {
  const { scheme, rest, parameters } = splitAddress(address)
  const collection = {
    collection: parameters.get('collection') ?? null,
    tenant: parameters.get('tenant') ?? defaultDatabase.tenant,
    database: parameters.get('database') ?? defaultDatabase.database,
  }
  if (scheme === 'chroma') return { ...placeOf(folderOfAddress(rest)), ...collection }
  const protocol = scheme === 'chroma+https' ? 'https' : 'http'
  const url = URL.parse(`${protocol}:${rest}`)
  if (!url || url.host === '')
    throw new StackroomError(
      'invalid-input',
      `“${address.slice(0, 200)}” is no address of a Chroma server.`,
      {
        hint: 'It looks like chroma+http://localhost:8000.',
      },
    )
  if (url.username !== '' || url.password !== '')
    throw new StackroomError('invalid-input', 'The address of a store never has a password in it.', {
      hint: 'Leave it out, and give the token by itself.',
    })
  const path = `${url.host}${url.pathname.replace(/\/+$/, '')}`
  return {
    kind: 'chroma',
    address: `chroma+${protocol}://${path}`,
    location: path,
    folder: null,
    ...collection,
  }
}

/** Of a folder that is there or is to be made. */
export function placeOf(path: string): StorePlace {
  const folder = existsSync(path) ? realpathSync(path) : path
  return {
    kind: 'chroma',
    address: joinAddress('chroma', folderInAddress(folder), {}),
    location: folder,
    folder,
    collection: null,
    ...defaultDatabase,
  }
}

export function isChromaFolder(folder: string): boolean {
  return existsSync(join(folder, chromaFile))
}

/** The default tenant and database are left out, as Chroma's own clients leave them out. */
export function chromaAddressOf({ address, collection, tenant, database }: StorePlace): string {
  const { scheme, rest } = splitAddress(address)
  return joinAddress(scheme, rest, {
    collection,
    tenant: tenant === defaultDatabase.tenant ? null : tenant,
    database: database === defaultDatabase.database ? null : database,
  })
}

/** Of a remote place. */
export function urlOf({ address }: StorePlace): string {
  return address.replace(/^chroma\+/, '')
}
