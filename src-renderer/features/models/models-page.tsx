/** The embed models at hand: those on this computer, those of servers, and the ways to add more. */
import { ArrowLeft, FolderPlus, PanelLeft, Server } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useApp } from '../../store/use-app.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Message } from '../../ui/message.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { AddingFolderNote } from './adding-folder-note.tsx'
import { ModelCard } from './model-card.tsx'
import './models-page.css'
import { ServerCard } from './server-card.tsx'
import { isSetUp } from './server-labels.ts'

export function ModelsPage() {
  const models = useApp((state) => state.models)
  const modelsState = useApp((state) => state.modelsState)
  const error = useApp((state) => state.modelsError ?? state.serversError)
  const servers = useApp((state) => state.servers)
  const loadModels = useApp((state) => state.loadModels)
  const loadServers = useApp((state) => state.loadServers)
  const heading = useRef<HTMLHeadingElement>(null)

  useEffect(() => {
    heading.current?.focus()
  }, [])

  const local = models.filter((model) => model.server === undefined)
  const modelsOf = (name: string) => models.filter((model) => model.server === name)
  const shown = servers.filter((server) =>
    isSetUp(
      server,
      modelsOf(server.name).some((m) => m.removable),
    ),
  )
  return (
    <div className="models-page">
      <div className="models-column">
        <Header heading={heading} />
        <AddingFolderNote />
        {error !== null && (
          <Message kind="error" message={error.message} hint={error.hint}>
            <Button
              onClick={() => {
                void loadModels()
                void loadServers()
              }}
            >
              Try again
            </Button>
          </Message>
        )}
        {modelsState === 'loading' ? (
          <p className="models-loading">
            <Spinner label="" /> Looking for models…
          </p>
        ) : (
          <>
            <section className="models-section" aria-labelledby="local-models">
              <h2 id="local-models">On this computer</h2>
              <p>Text that goes through these models stays here.</p>
              <ul className="models-list">
                {local.map((model) => (
                  <ModelCard key={model.id} model={model} showWhere />
                ))}
              </ul>
              <p className="models-tip">
                Any sentence-transformers model in ONNX format can be added: drop its folder on this window.
                It holds model.onnx, tokenizer.json and config.json.
              </p>
            </section>
            <section className="models-section" aria-labelledby="server-models">
              <h2 id="server-models">On servers</h2>
              {shown.length === 0 ? (
                <p>
                  None yet. OpenAI, Azure OpenAI, Mistral, Voyage, Jina and Together can be used with a key of
                  yours; Ollama, LM Studio, vLLM, llama.cpp and others with their address. Nothing is sent
                  before you allow it for a folder.
                </p>
              ) : (
                <>
                  <p>Nothing is sent to a server elsewhere before you allow it for a folder.</p>
                  {shown.map((server) => (
                    <ServerCard key={server.name} server={server} models={modelsOf(server.name)} />
                  ))}
                </>
              )}
            </section>
          </>
        )}
      </div>
    </div>
  )
}

function Header({ heading }: { readonly heading: React.Ref<HTMLHeadingElement> }) {
  const hasLibrary = useApp((state) => state.knowledgeBases.length > 0)
  const sidebarOut = useApp((state) => state.sidebarOut)
  const showSidebar = useApp((state) => state.showSidebar)
  const showView = useApp((state) => state.showView)
  const chooseModelFolder = useApp((state) => state.chooseModelFolder)
  const openServerForm = useApp((state) => state.openServerForm)
  return (
    <header className="models-header">
      <div className="models-title">
        {hasLibrary ? (
          <IconButton
            className="sidebar-button"
            icon={PanelLeft}
            label="Library"
            aria-expanded={sidebarOut}
            aria-controls="sidebar"
            onClick={() => showSidebar(!sidebarOut)}
          />
        ) : (
          <IconButton icon={ArrowLeft} label="Back" onClick={() => showView('library')} />
        )}
        <h1 ref={heading} tabIndex={-1}>
          Embedding models
        </h1>
      </div>
      <div className="models-ways">
        <Button icon={FolderPlus} onClick={() => void chooseModelFolder()}>
          Add a model folder…
        </Button>
        <Button icon={Server} onClick={() => openServerForm(null)}>
          Add a server…
        </Button>
      </div>
    </header>
  )
}
