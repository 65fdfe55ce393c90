/** The commands of search. */
import { z } from 'zod'
import {
  neighbourSchema,
  nodeSourceSchema,
  searchAnswerSchema,
  searchKeySchema,
  searchQuerySchema,
} from './search.ts'

const nodeOf = z.object({ knowledgeBaseId: z.string(), nodeId: z.string() })

export const searchCommands = {
  /**
   * Throws `wrong-model`, `dimension-mismatch` and `consent-required` in the modes `vector` and `hybrid`: whoever asks
   * chooses another model, or the mode `keyword`, which needs none. A model that cannot be reached is thrown with `vector`
   * and told in `notices` with `hybrid`.
   */
  'search.query': { input: searchQuerySchema, output: searchAnswerSchema },
  'search.source': {
    /** `whole`: with all documents of its file, as a PDF has one for each page. */
    input: nodeOf.extend({ whole: z.boolean().optional() }),
    output: nodeSourceSchema,
  },
  /** What stands before and after a node in its document. */
  'search.neighbours': {
    input: nodeOf,
    output: z.object({ previous: neighbourSchema.nullable(), next: neighbourSchema.nullable() }),
  },
  /** Metadata keys of the nodes, for `key:value` in a query and its completion. */
  'search.keys': { input: z.object({ knowledgeBaseId: z.string() }), output: z.array(searchKeySchema) },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>
