import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'

export const tortureSettings: StackroomSettings = {
  version: 1,
  name: 'torture',
  created: '2026-01-01T00:00:00.000Z',
  lastIndexed: null,
  embedModel: null,
  transformations: [],
  vectorStore: { kind: 'simple' },
  sources: [],
}
