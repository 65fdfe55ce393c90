/** Whether files are being indexed into a knowledge base now. */
import { useApp } from '../../store/use-app.ts'
import { isActive, jobOf } from './jobs-slice.ts'

export function useIndexing(knowledgeBaseId: string): boolean {
  return useApp((state) => {
    const job = jobOf(state, knowledgeBaseId)
    return job !== null && isActive(job)
  })
}
