/** What a server says when it refuses: each kind of server has a shape of its own for it, OpenAI's client knows one. */
import { z } from 'zod'

const textSchema = z.string().min(1)
/** OpenAI, Ollama; TEI and LM Studio; vLLM and Mistral; FastAPI's own. */
const shapes: readonly z.ZodType<Refusal>[] = [
  z
    .object({
      error: z.looseObject({
        message: textSchema,
        code: z.unknown().optional(),
        type: z.unknown().optional(),
      }),
    })
    .transform(({ error: { message, code, type } }) => ({ message, code, type })),
  z.object({ error: textSchema }).transform(({ error }) => ({ message: error })),
  z
    .object({ message: textSchema, code: z.unknown().optional(), type: z.unknown().optional() })
    .transform(({ message, code, type }) => ({ message, code, type })),
  z.object({ detail: textSchema }).transform(({ detail }) => ({ message: detail })),
  z
    .object({ detail: z.array(z.looseObject({ msg: textSchema })).min(1) })
    .transform(({ detail }) => ({ message: detail.map(({ msg }) => msg).join('; ') })),
]

export interface Refusal {
  readonly message: string
  readonly code?: unknown
  readonly type?: unknown
}

/** Null for an answer that is no refusal. */
export function refusalIn(answer: unknown): Refusal | null {
  for (const shape of shapes) {
    const found = shape.safeParse(answer)
    if (found.success) return found.data
  }
  return null
}

/** `fetch` whose refusals OpenAI's client can read, whatever their shape. */
export async function fetchWithReadableRefusals(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const response = await fetch(input, init)
  if (response.ok) return response
  const text = await response.text()
  const { status, statusText } = response
  const headers = new Headers(response.headers)
  headers.delete('content-length')
  headers.delete('content-encoding')
  headers.set('content-type', 'application/json')
  const answer = parsed(text)
  const words = answer === undefined ? withoutTags(text) : ''
  const error = refusalIn(answer) ?? { message: words || statusText || 'no reason given' }
  return new Response(JSON.stringify({ error }), { status, statusText, headers })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function withoutTags(text: string): string {
  return text
    .replaceAll(/<(style|script|title)\b.*?<\/\1>/gis, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .trim()
}
