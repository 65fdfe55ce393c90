/** Handlers of the commands about models and their servers. */
import { StackroomError, type CommandHandlers, type modelCommands } from '#contract'
import type { Models } from './models.ts'
import { realPath } from './open-folders.ts'

export function modelHandlers(
  models: Models,
): Pick<CommandHandlers, keyof typeof modelCommands | 'reembed.start'> {
  const notYet = (): never => {
    throw new StackroomError('wrong-usage', 'This version cannot do that yet.')
  }
  return {
    'models.list': () => models.list(),
    'models.servers': () => models.servers.list(),
    'models.saveServer': (input) => models.servers.save(input),
    'models.removeServer': async ({ server }) => {
      await models.servers.remove(server)
      return {}
    },
    'models.setKey': ({ server, key }) => models.servers.setKey(server, key),
    'models.ofServer': ({ server }, { signal }) => models.servers.modelsOf(server, signal),
    'models.consent': async ({ server, persistDir, given }) =>
      models.servers.consent(server, persistDir === null ? null : await realPath(persistDir), given),
    'models.save': notYet,
    'models.remove': notYet,
    'models.addFolder': ({ path }) => models.addFolder(path),
    'models.test': notYet,
    'models.measure': notYet,
    'models.estimate': notYet,
    'models.check': notYet,
    'models.verify': notYet,
    'models.choose': notYet,
    'models.discardOldVectors': notYet,
    'models.restoreOldVectors': notYet,
    'reembed.start': notYet,
  }
}
