/** What is rarely changed of a search: how many results, fusion, variety, near-duplicates. */
import { SlidersHorizontal } from 'lucide-react'
import { useApp } from '../../store/use-app.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Popover } from '../../ui/popover.tsx'
import { choicesOfTopK } from './search-options-slice.ts'

/** LlamaIndex's own default of mmr_threshold. */
const usualMmr = 0.5

export function SearchOptions() {
  const { topK, fusion, mmr, collapse, byDocument } = useApp((state) => state.searchOptions)
  const setSearchOptions = useApp((state) => state.setSearchOptions)
  return (
    <Popover
      title="Options of search"
      label="Options of search"
      face={<SlidersHorizontal size={15} aria-hidden />}
    >
      {() => (
        <div className="search-options">
          <label>
            {byDocument ? 'Documents' : 'Results'} at most
            <select value={topK} onChange={(event) => setSearchOptions({ topK: Number(event.target.value) })}>
              {choicesOfTopK.map((choice) => (
                <option key={choice} value={choice}>
                  {choice}
                </option>
              ))}
            </select>
          </label>
          <label>
            Fusion of both lists
            <select
              value={fusion}
              onChange={({ target }) =>
                setSearchOptions({
                  fusion: target.value === 'relative-score' ? 'relative-score' : 'reciprocal-rank',
                })
              }
            >
              <option value="reciprocal-rank">by rank</option>
              <option value="relative-score">by score</option>
            </select>
          </label>
          <Checkbox checked={collapse} onChange={(checked) => setSearchOptions({ collapse: checked })}>
            Show nearly equal passages once
          </Checkbox>
          <div>
            <Checkbox
              checked={mmr !== null}
              onChange={(checked) => setSearchOptions({ mmr: checked ? usualMmr : null })}
            >
              Prefer variety (MMR)
            </Checkbox>
            {mmr !== null && (
              <label className="search-options-range">
                varied
                <input
                  type="range"
                  min={0}
                  max={1}
                  step={0.1}
                  value={mmr}
                  aria-label="Between varied and near to the query"
                  onChange={(event) => setSearchOptions({ mmr: Number(event.target.value) })}
                />
                near
              </label>
            )}
          </div>
        </div>
      )}
    </Popover>
  )
}
