/** How components read the store, which main.tsx makes and provides. */
import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import type { Client } from '../transport/client.ts'
import type { AppState } from './app-state.ts'
import type { AppStore } from './create-app-store.ts'

export interface AppServices {
  readonly store: AppStore
  readonly client: Client
}

export const AppContext = createContext<AppServices | null>(null)

export function useServices(): AppServices {
  const services = useContext(AppContext)
  if (services === null) throw new Error('AppContext is not provided')
  return services
}

export function useApp<Selected>(select: (state: AppState) => Selected): Selected {
  return useStore(useServices().store, select)
}
