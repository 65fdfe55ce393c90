/** The parts of a knowledge base: its search, the sources it is made of, and what became of each file. */
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Tabs } from '../../ui/tabs.tsx'
import type { Place } from '../shell/shell-slice.ts'

export const placeId = 'knowledge-base-place'

export const placeLabels: Readonly<Record<Place, string>> = {
  search: 'Search',
  sources: 'Sources',
  files: 'Files',
}

export function PlaceTabs({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const place = useApp((state) => state.place)
  const showPlace = useApp((state) => state.showPlace)
  const calls = useApp((state) => {
    const { id, missingFiles } = knowledgeBase
    return missingFiles > 0 && state.missingKept[id] !== missingFiles
  })
  return (
    <div className="place-tabs">
      <Tabs
        label="Parts of this knowledge base"
        panelId={placeId}
        value={place}
        onChange={showPlace}
        tabs={[
          { value: 'search', label: placeLabels.search },
          { value: 'sources', label: placeLabels.sources, calls },
          { value: 'files', label: placeLabels.files },
        ]}
      />
    </div>
  )
}
