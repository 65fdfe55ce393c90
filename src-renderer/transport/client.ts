/** The client of the contract: typed calls that can be cancelled, and typed events, over whichever channel there is. */
import {
  StackroomError,
  commands,
  events,
  type Call,
  type CallOptions,
  type CommandInput,
  type CommandName,
  type CommandOutput,
  type EventMessage,
  type EventName,
  type EventPayload,
  type Subscribe,
} from '#contract'
import type { Channel, ConnectionState } from './channel.ts'

export interface Client {
  readonly call: Call
  readonly subscribe: Subscribe
  readonly connection: ConnectionState
  onConnection(listener: (state: ConnectionState) => void): () => void
  /** The absolute path of a dropped file; null where the page cannot know it (a browser). */
  pathForFile(file: File): string | null
}

/** The contract's schemas as mapped types, through which a name's own type can be followed. */
const outputs: { readonly [Name in CommandName]: { readonly output: Parser<CommandOutput<Name>> } } = commands
const payloads: { readonly [Name in EventName]: Parser<EventPayload<Name>> } = events

interface Parser<Value> {
  parse(value: unknown): Value
}

function cancelledError(): StackroomError {
  return new StackroomError('cancelled', 'The work was cancelled.')
}

export function createClient(channel: Channel): Client {
  let lastId = 0

  async function call<Name extends CommandName>(
    name: Name,
    input: CommandInput<Name>,
    { signal }: CallOptions = {},
  ): Promise<CommandOutput<Name>> {
    if (signal?.aborted) throw cancelledError()
    const id = ++lastId
    const answered = channel.send({ type: 'call', id, name, input })
    const result = await (signal === undefined ? answered : unlessAborted(answered, signal, id))
    if (result === undefined) throw new StackroomError('internal', `No answer came to ${name}.`)
    if (!result.ok) throw StackroomError.fromShape(result.error)
    return outputs[name].output.parse(result.output)
  }

  /** The caller is let go at once; the engine is told, and a late answer is dropped. */
  function unlessAborted<Value>(answered: Promise<Value>, signal: AbortSignal, id: number): Promise<Value> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        void channel.send({ type: 'cancel', id })
        reject(cancelledError())
      }
      signal.addEventListener('abort', abort, { once: true })
      answered.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    })
  }

  const receivers = new Map<EventName, Set<(payload: unknown) => void>>()
  channel.onEvent((message: EventMessage) => {
    for (const [name, listeners] of receivers) {
      if (name === message.name) for (const receive of listeners) receive(message.payload)
    }
  })

  function subscribe<Name extends EventName>(
    name: Name,
    listener: (payload: EventPayload<Name>) => void,
  ): () => void {
    const receive = (payload: unknown): void => listener(payloads[name].parse(payload))
    const listeners = receivers.get(name) ?? new Set()
    receivers.set(name, listeners.add(receive))
    return () => listeners.delete(receive)
  }

  return {
    call,
    subscribe,
    get connection() {
      return channel.state
    },
    onConnection: (listener) => channel.onState(listener),
    pathForFile: (file) => channel.pathForFile(file),
  }
}
