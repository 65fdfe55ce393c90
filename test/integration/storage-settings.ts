/** stackroom.json of an index that was just made, for tests. */
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'

export const settings: StackroomSettings = {
  version: 2,
  name: 'test',
  created: '2026-01-01T00:00:00.000Z',
  lastIndexed: null,
  embedModel: null,
  transformations: [],
  vectorStore: { kind: 'simple' },
  sources: [],
}
