/** How one file would be cut into chunks: which file, and what came of it; the newest choice counts. */
import { isCancelled, type ChunkPreview, type CommandInput, type ErrorShape } from '#contract'
import type { AppState, SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'
import { intakeModel, languagesOf } from './intake-choice.ts'

export interface ChunkPreviewView {
  /** Files to choose from. */
  readonly files: readonly string[]
  /** Null: none was chosen yet. */
  readonly path: string | null
  readonly loading: boolean
  readonly result: ChunkPreview | null
  readonly error: ErrorShape | null
}

export interface PreviewSlice {
  readonly preview: ChunkPreviewView | null
  /** Shows a file of those that were taken in. */
  readonly openPreview: () => void
  readonly previewFile: (path: string) => void
  /** Asks for a file of anywhere. */
  readonly chooseFileToPreview: () => Promise<void>
  /** Once more, with what the intake says now. */
  readonly previewAgain: () => void
  readonly closePreview: () => void
}

/** Options are typed digit by digit. */
const previewAfterMs = 200

export const createPreviewSlice: SliceCreator<PreviewSlice> = ({ client, set, get }) => {
  let running = new AbortController()

  const update = (change: Partial<ChunkPreviewView>): void =>
    set(({ preview }) => (preview === null ? {} : { preview: { ...preview, ...change } }))

  async function show(path: string, afterMs: number): Promise<void> {
    running.abort()
    const { signal } = (running = new AbortController())
    update({ path, loading: true })
    if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs))
    const input = inputFor(get(), path)
    if (signal.aborted || input === null) return
    try {
      const result = await client.call('ingest.preview', input, { signal })
      if (!signal.aborted) update({ result, error: null, loading: false })
    } catch (error) {
      if (signal.aborted || isCancelled(error)) return
      update({ result: null, error: describeError(error), loading: false })
    }
  }

  return {
    preview: null,
    openPreview() {
      const { intake } = get()
      if (intake?.step !== 'asking') return
      const files = intake.inspection.sampleFiles
      const [path = null] = files
      set({ preview: { files, path, loading: false, result: null, error: null } })
      if (path !== null) void show(path, 0)
    },
    previewFile(path) {
      const { preview } = get()
      if (preview !== null && !preview.files.includes(path)) update({ files: [path, ...preview.files] })
      void show(path, 0)
    },
    async chooseFileToPreview() {
      const [path] = (await get().choosePaths('file')) ?? []
      if (path !== undefined) get().previewFile(path)
    },
    previewAgain() {
      const path = get().preview?.path ?? null
      if (path !== null) void show(path, previewAfterMs)
    },
    closePreview() {
      running.abort()
      set({ preview: null })
    },
  }
}

function inputFor({ intake, knowledgeBases }: AppState, path: string): CommandInput<'ingest.preview'> | null {
  if (intake?.step !== 'asking') return null
  const { choice } = intake
  const existing = knowledgeBases.find(({ id }) => id === choice.addTo)
  const model = intakeModel(choice, knowledgeBases)
  return {
    path,
    ...(model !== null && { model }),
    ...(existing === undefined ? { nodeParser: choice.nodeParser } : { persistDir: existing.persistDir }),
    ...languagesOf(choice),
  }
}
