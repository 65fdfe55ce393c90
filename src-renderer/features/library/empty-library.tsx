/** What a first start shows: what the app is for, the two ways in, and something to try. */
import { Boxes, DatabaseZap, FolderOpen, FolderPlus, Settings } from 'lucide-react'
import { useApp } from '../../store/use-app.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import './empty-library.css'

export function EmptyLibrary() {
  const chooseSources = useApp((state) => state.chooseSources)
  const chooseStorageFolder = useApp((state) => state.chooseStorageFolder)
  const openStoreServer = useApp((state) => state.openStoreServer)
  const startSample = useApp((state) => state.startSample)
  const showView = useApp((state) => state.showView)
  const showSettings = useApp((state) => state.showSettings)
  return (
    <div className="empty-library">
      <div className="empty-library-drop">
        <img src="./icon.svg" alt="" width={76} height={76} />
        <h1>Drop a folder of documents here</h1>
        <p>
          Stackroom reads the files, turns them into a knowledge base and lets you search it by meaning. The
          files stay where they are, and nothing leaves this computer.
        </p>
        <div className="empty-library-buttons">
          <Button look="primary" icon={FolderPlus} onClick={() => void chooseSources()}>
            New knowledge base…
          </Button>
          <Button icon={FolderOpen} onClick={() => void chooseStorageFolder()}>
            Open storage folder…
          </Button>
        </div>
        <p>
          Nothing at hand?{' '}
          <button type="button" className="link" onClick={() => void startSample()}>
            Try it with sample documents
          </button>
        </p>
        <dl className="empty-library-notes">
          <div>
            <dt>What it reads</dt>
            <dd>Text, Markdown, HTML, PDF, Word, PowerPoint, Excel, EPUB and more</dd>
          </div>
          <div>
            <dt>What it opens</dt>
            <dd>Storage folders that LlamaIndex wrote, and Chroma folders, with their vectors as they are</dd>
          </div>
          <div>
            <dt>What it writes</dt>
            <dd>The same storage folders: LlamaIndex loads them</dd>
          </div>
        </dl>
      </div>
      <div className="empty-library-corner">
        <IconButton
          icon={DatabaseZap}
          label="Connect to a vector store"
          onClick={() => openStoreServer(null)}
        />
        <IconButton icon={Boxes} label="Embedding models" onClick={() => showView('models')} />
        <IconButton icon={Settings} label="Settings" onClick={() => showSettings(true)} />
      </div>
    </div>
  )
}
