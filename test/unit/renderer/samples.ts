/** Models, servers and knowledge bases as the engine describes them. */
import type {
  EmbedModelInfo,
  Inspection,
  Job,
  KnowledgeBase,
  ModelCheck,
  ModelEstimate,
  ModelServer,
} from '#contract'

export const bundled: EmbedModelInfo = {
  id: 'bundled:all-MiniLM-L6-v2',
  name: 'all-MiniLM-L6-v2',
  dimensions: 384,
  maximumTokens: 256,
  offline: true,
  description: 'Comes with Stackroom and runs on this machine.',
  queryPrefix: '',
  documentPrefix: '',
  pooling: 'mean',
  normalized: true,
  textsPerSecond: 40,
  removable: false,
}

export const remote: EmbedModelInfo = {
  id: 'openai:text-embedding-3-small',
  name: 'text-embedding-3-small',
  dimensions: 1536,
  maximumTokens: 8191,
  offline: false,
  description: 'Runs at OpenAI.',
  usdPerMillionTokens: 0.02,
  keyName: 'OPENAI_API_KEY',
  queryPrefix: '',
  documentPrefix: '',
  server: 'openai',
  removable: false,
}

export const openai: ModelServer = {
  name: 'openai',
  kind: 'openai',
  baseUrl: 'https://api.openai.com/v1',
  host: 'api.openai.com',
  offline: false,
  keyName: 'OPENAI_API_KEY',
  key: 'stored',
  origin: 'known',
  consents: [],
}

export const ollama: ModelServer = {
  name: 'ollama',
  kind: 'compatible',
  baseUrl: 'http://127.0.0.1:11434/v1',
  host: '127.0.0.1:11434',
  offline: true,
  key: 'not-needed',
  origin: 'known',
  consents: [],
}

export const knowledgeBase: KnowledgeBase = {
  id: 'one',
  name: 'Notes',
  persistDir: '/home/ada/Stackroom/Notes',
  kind: 'stackroom',
  state: 'ready',
  documents: 5,
  nodes: 5,
  dimensions: 384,
  model: bundled.id,
  modelRecorded: true,
  modelVerdict: 'unchecked',
  store: 'simple',
  readOnly: false,
  persisted: true,
  conflict: false,
  size: 20_000,
  lastIndexed: null,
  sources: [],
  error: null,
  warnings: [],
}

export const inspection: Inspection = {
  kind: 'files',
  modelFolder: false,
  paths: ['/home/ada/notes'],
  readableFiles: 12,
  files: 12,
  bytes: 40_000,
  truncated: false,
  suggestedName: 'notes',
  suggestedPersistDir: '/home/ada/Stackroom/notes',
  error: null,
}

export const estimate: ModelEstimate = {
  model: remote.id,
  files: 12,
  bytes: 40_000,
  truncated: false,
  tokens: 314_159,
  usd: 0.006,
  seconds: null,
  offline: false,
  host: 'api.openai.com',
  consentNeeded: true,
}

export const verified: ModelCheck = {
  model: bundled.id,
  recorded: false,
  chosen: false,
  dimensions: 384,
  verdict: 'verified',
  reason: null,
  score: {
    samples: 5,
    matching: 5,
    median: 0.99996,
    minimum: 0.9998,
    metadata: true,
    documentPrefix: '',
    longText: 'mean-of-windows',
  },
  error: null,
  checkedAt: '2026-11-25T10:00:00.000Z',
  candidates: [],
  refused: [],
  oldVectors: null,
}

export const job: Job = {
  id: 'job',
  kind: 'ingest',
  knowledgeBaseId: 'one',
  title: 'Notes',
  state: 'queued',
  startedAt: '2026-11-25T10:00:00.000Z',
  finishedAt: null,
  progress: {
    phase: 'scanning',
    filesDone: 0,
    filesTotal: 0,
    bytesDone: 0,
    bytesTotal: 0,
    documents: 0,
    nodes: 0,
    failed: 0,
    skipped: 0,
    nodesPerSecond: null,
    secondsLeft: null,
    currentFile: null,
  },
  report: null,
  error: null,
}
