/** Stands in for the far end of the contract: answers each command as the test says, and keeps what was asked. */
import { StackroomError, type CommandInput, type CommandName, type CommandOutput } from '#contract'
import { createAppStore, type AppStore } from '../../../src-renderer/store/create-app-store.ts'
import type { Client } from '../../../src-renderer/transport/client.ts'

export type Answers = {
  [Name in CommandName]?: (
    input: CommandInput<Name>,
    signal: AbortSignal | undefined,
  ) => CommandOutput<Name> | Promise<CommandOutput<Name>>
}

export interface FakeEngine {
  readonly store: AppStore
  readonly client: Client
  /** Names and inputs, in the order in which they were asked. */
  readonly asked: { readonly name: CommandName; readonly input: unknown }[]
  readonly answers: Answers
}

export function fakeEngine(answers: Answers): FakeEngine {
  const asked: FakeEngine['asked'] = []
  const client: Client = {
    async call(name, input, { signal } = {}) {
      asked.push({ name, input })
      const answer = answers[name]
      if (answer === undefined) throw new StackroomError('internal', `The test has no answer to ${name}.`)
      return answer(input, signal)
    },
    subscribe: () => () => undefined,
    connection: 'open',
    onConnection: () => () => undefined,
    pathForFile: () => null,
  }
  return { store: createAppStore(client), client, asked, answers }
}

/** A promise that the test settles. */
export function later<Value>() {
  return Promise.withResolvers<Value>()
}
