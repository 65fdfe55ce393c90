/** Where the window was when it was closed, and its size: it comes back there, if that is still on a screen. */
import { join } from 'node:path'
import { screen, type Rectangle } from 'electron'
import { z } from 'zod'
import { readJsonFile, writeJsonFile } from '#platform/json-file.ts'

const rectangleSchema = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
const stateSchema = z.object({ bounds: rectangleSchema.nullable(), maximized: z.boolean() })
export type WindowState = z.infer<typeof stateSchema>

const fileIn = (dataFolder: string): string => join(dataFolder, 'window.json')

export async function readWindowState(dataFolder: string): Promise<WindowState> {
  const state = await readJsonFile(fileIn(dataFolder), stateSchema, () => ({
    bounds: null,
    maximized: false,
  }))
  return state.bounds && !isOnScreen(state.bounds) ? { ...state, bounds: null } : state
}

export function writeWindowState(dataFolder: string, state: WindowState): Promise<void> {
  return writeJsonFile(fileIn(dataFolder), state)
}

function isOnScreen({ x, y, width, height }: Rectangle): boolean {
  return screen.getAllDisplays().some(({ workArea }) => {
    const across = Math.min(x + width, workArea.x + workArea.width) - Math.max(x, workArea.x)
    const down = Math.min(y + height, workArea.y + workArea.height) - Math.max(y, workArea.y)
    return across > 100 && down > 50
  })
}
