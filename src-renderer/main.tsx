/** Starts the window: makes the client and the store, and draws the app with them. */
import './no-eval.ts'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './features/shell/app.tsx'
import { createAppStore, followEngine } from './store/create-app-store.ts'
import { AppContext } from './store/use-app.ts'
import { createClient } from './transport/client.ts'
import { openChannel } from './transport/open-channel.ts'
import './ui/base.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')

const client = createClient(openChannel())
const store = createAppStore(client)
followEngine(store, client)

createRoot(root).render(
  <StrictMode>
    <AppContext value={{ store, client }}>
      <App />
    </AppContext>
  </StrictMode>,
)
