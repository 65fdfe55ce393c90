/** Handlers of the commands about models and their servers. */
import {
  StackroomError,
  type CommandHandlers,
  type EmbedModelInfo,
  type modelCommands,
  type ParsedInput,
} from '#contract'
import type { EngineServices } from './engine-services.ts'
import { estimateIngest } from './estimate-embedding.ts'
import type { KnowledgeBaseModels } from './knowledge-base-models.ts'
import type { Models } from './models.ts'
import { realPath } from './open-folders.ts'
import { measureModel, testModel } from './try-model.ts'

export function modelHandlers(
  services: EngineServices,
  knowledgeBases: KnowledgeBaseModels,
): Pick<CommandHandlers, keyof typeof modelCommands | 'reembed.start'> {
  const { models } = services
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
    'models.save': (input, { signal }) => saveModel(models, input, signal),
    'models.remove': async ({ id }) => {
      await models.remove(id)
      return {}
    },
    'models.addFolder': ({ path }) => models.registry.addFolder(path),
    'models.test': ({ id }, { signal }) => testModel(models, id, signal),
    'models.measure': async ({ id }, { signal }) => {
      await models.registry.settings.setSpeed(id, await measureModel(models, id, signal))
      return models.info(id)
    },
    'models.estimate': (input, { signal }) =>
      'knowledgeBaseId' in input
        ? knowledgeBases.estimate(input.knowledgeBaseId, models.info(input.model))
        : estimateIngest(services, { ...input, model: models.info(input.model), signal }),
    'models.check': ({ knowledgeBaseId }, { signal }) => knowledgeBases.check(knowledgeBaseId, signal),
    'models.verify': ({ knowledgeBaseId, model }, { signal }) =>
      knowledgeBases.verify(knowledgeBaseId, model, signal),
    'models.choose': (input, { signal }) => knowledgeBases.choose(input, signal),
    'models.discardOldVectors': ({ knowledgeBaseId }) => knowledgeBases.discardOldVectors(knowledgeBaseId),
    'models.restoreOldVectors': ({ knowledgeBaseId }, { signal }) =>
      knowledgeBases.restoreOldVectors(knowledgeBaseId, signal),
    'reembed.start': (input) => knowledgeBases.reembed(input),
  }
}

/** What was known before comes back when the server does not agree. */
async function saveModel(
  models: Models,
  { id, ...settings }: ParsedInput<'models.save'>,
  signal: AbortSignal,
): Promise<EmbedModelInfo> {
  if (id.startsWith('onnx:')) {
    const { queryPrefix, documentPrefix } = settings
    await models.registry.settings.setFolderSettings(id.slice('onnx:'.length), {
      ...(queryPrefix !== undefined && { queryPrefix }),
      ...(documentPrefix !== undefined && { documentPrefix }),
    })
    await models.reopen(id)
    return models.info(id)
  }
  const server = models.registry.serverOf(id)
  if (!server)
    throw new StackroomError('invalid-input', `Nothing can be changed about ${id}.`, {
      hint: 'Models of servers and of folders have prefixes and windows that can be set.',
    })
  const name = id.slice(server.name.length + 1)
  const before = server.models[name]
  await models.registry.settings.setModel(server.name, name, settings)
  models.forgetOpened()
  try {
    const model = await models.openUncached(id, signal)
    if (settings.dimensions !== undefined) await model.embedQuery('Stackroom', { signal })
  } catch (error) {
    await models.registry.settings.replaceModel(server.name, name, before)
    models.forgetOpened()
    throw error
  }
  return models.info(id)
}
