/** The collections of a store, by tenant and database where there are several, to tick one or more of them. */
import { useState } from 'react'
import type { StoreCollection } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Badge } from '../../ui/badge.tsx'
import { formatCounted } from '../../ui/format.ts'
import { collectionFacts, embeddingText, metadataText } from './store-words.ts'

interface CollectionListProps {
  readonly collections: readonly StoreCollection[]
  /** Addresses. */
  readonly chosen: readonly string[]
  readonly onChange: (addresses: readonly string[]) => void
}

/** Fewer are seen at a glance. */
const filterFrom = 8

export function CollectionList({ collections, chosen, onChange }: CollectionListProps) {
  const [filter, setFilter] = useState('')
  const words = filter.trim().toLowerCase()
  const shown = collections.filter(({ name }) => name.toLowerCase().includes(words))
  const groups = groupsOf(shown)
  const several = groupsOf(collections).length > 1
  return (
    <>
      {collections.length >= filterFrom && (
        <input
          type="search"
          className="text-input collection-filter"
          aria-label="Filter collections"
          placeholder={`Filter ${formatCounted(collections.length, 'collection', 'collections')}`}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      )}
      <div className="collection-list" role="group" aria-label="Collections">
        {groups.map((group) => (
          <section key={group.name} aria-label={group.name}>
            {several && <h3>{group.name}</h3>}
            {group.collections.map((collection, index) => (
              <CollectionRow
                key={collection.address}
                collection={collection}
                autoFocus={index === 0 && group === groups[0] && collections.length < filterFrom}
                checked={chosen.includes(collection.address)}
                onChange={(checked) =>
                  onChange(
                    checked
                      ? [...chosen, collection.address]
                      : chosen.filter((address) => address !== collection.address),
                  )
                }
              />
            ))}
          </section>
        ))}
        {shown.length === 0 && <p className="collection-none">No collection has this in its name.</p>}
      </div>
    </>
  )
}

interface CollectionRowProps {
  readonly collection: StoreCollection
  readonly autoFocus: boolean
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}

function CollectionRow({ collection, autoFocus, checked, onChange }: CollectionRowProps) {
  const models = useApp((state) => state.models)
  const embedding = embeddingText(collection, models)
  const metadata = metadataText(collection)
  return (
    <label className="collection-row">
      <input
        type="checkbox"
        data-autofocus={autoFocus || undefined}
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span className="collection-text">
        <span className="collection-name">
          <span>{collection.name}</span>
          {collection.knowledgeBaseId !== null && <Badge look="good">In your library</Badge>}
        </span>
        <span className="collection-facts">{collectionFacts(collection)}</span>
        {embedding !== null && <span className="collection-facts">{embedding}</span>}
        {metadata !== null && <span className="collection-facts">{metadata}</span>}
      </span>
    </label>
  )
}

interface Group {
  readonly name: string
  readonly collections: StoreCollection[]
}

function groupsOf(collections: readonly StoreCollection[]): Group[] {
  const groups = new Map<string, Group>()
  for (const collection of collections) {
    const { tenant, database } = collection
    const name = [tenant, database].filter((part) => part !== null).join(' / ')
    const group = groups.get(name) ?? { name, collections: [] }
    group.collections.push(collection)
    groups.set(name, group)
  }
  return [...groups.values()]
}
