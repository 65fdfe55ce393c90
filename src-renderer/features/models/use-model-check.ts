/** Has the model of the knowledge base on screen checked: when it opens, and when its model or its vectors changed. */
import { useEffect } from 'react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { useIndexing } from '../ingest/use-indexing.ts'
import { isAboutModel } from './verdict-sentences.ts'

export function useModelCheck({ id, state, model, dimensions, error }: KnowledgeBase): void {
  const checkModel = useApp((app) => app.checkModel)
  const busy = useIndexing(id)
  const open = state === 'ready' || (error !== null && isAboutModel(error.code))
  useEffect(() => {
    if (open && !busy && dimensions !== null) void checkModel(id)
  }, [id, open, busy, model, dimensions, checkModel])
}
