/** The contract between the engine's side and the window: import everything from here. */
export * from './commands.ts'
export * from './errors.ts'
export * from './events.ts'
export * from './jobs.ts'
export * from './library.ts'
export * from './models.ts'
export * from './search.ts'
export * from './wire.ts'
