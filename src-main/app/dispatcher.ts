/**
 * Between a transport and the handlers: finds the command, parses its input, passes cancellation on, and turns what is
 * thrown into what may cross the boundary. One dispatcher serves one client.
 */
import { z } from 'zod'
import {
  commands,
  StackroomError,
  toErrorShape,
  type ClientMessage,
  type CommandContext,
  type CommandHandlers,
  type CommandName,
  type ResultMessage,
} from '#contract'
import type { Log } from '#platform/log.ts'

type UntypedHandler = (input: unknown, context: CommandContext) => unknown

function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name)
}

export class Dispatcher {
  readonly #running = new Map<number, AbortController>()
  readonly #handlers: CommandHandlers
  readonly #log: Log

  constructor(handlers: CommandHandlers, log: Log) {
    this.#handlers = handlers
    this.#log = log
  }

  /** Answers a call; a cancel has no answer of its own, the call it cancels is answered with `cancelled`. */
  async receive(message: ClientMessage): Promise<ResultMessage | undefined> {
    if (message.type === 'cancel') {
      this.#running.get(message.id)?.abort(new StackroomError('cancelled', 'The work was cancelled.'))
      return undefined
    }
    const { id, name } = message
    const controller = new AbortController()
    this.#running.set(id, controller)
    try {
      if (!isCommandName(name)) throw new StackroomError('invalid-input', `There is no command ${name}.`)
      const input = commands[name].input.safeParse(message.input)
      if (!input.success) {
        throw new StackroomError(
          'invalid-input',
          `The input of ${name} is not valid: ${z.prettifyError(input.error)}`,
        )
      }
      // The input was parsed by this command's own schema: the pair fits, which the compiler cannot follow.
      const handler = this.#handlers[name] as UntypedHandler
      return {
        type: 'result',
        id,
        ok: true,
        output: await handler(input.data, { signal: controller.signal }),
      }
    } catch (error) {
      const shape = toErrorShape(error)
      if (shape.code === 'internal') this.#log.error(`${name} failed`, error)
      return { type: 'result', id, ok: false, error: shape }
    } finally {
      this.#running.delete(id)
    }
  }

  /** Cancels every call under way, when the client goes away. */
  close(): void {
    for (const controller of this.#running.values()) {
      controller.abort(new StackroomError('cancelled', 'The window was closed.'))
    }
  }
}
