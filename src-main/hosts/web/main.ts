/** The web host as a program: `stackroom serve` and the fallback of `npm start` run it. */
import open from 'open'
import { createApplication } from '#app/application.ts'
import { dataFolderPath } from '#platform/data-folder.ts'
import { keepNurserySmall } from '#platform/small-nursery.ts'
import { rendererFolder, resourcesFolder, version } from '../paths.ts'
import { desktopServices } from './desktop-services.ts'
import { WebServer } from './server.ts'

export interface ServeOptions {
  readonly port: number
  /** Whether to open the address in the browser, where there is a display. */
  readonly openBrowser: boolean
}

/** Serves until the process is asked to stop. The address is the first line on stdout. */
export async function serve({ port, openBrowser }: ServeOptions): Promise<void> {
  keepNurserySmall()
  const services = desktopServices()
  const server = await WebServer.start({
    port,
    rendererFolder: rendererFolder(),
    createApplication: (emit) =>
      createApplication({
        services,
        version: version(),
        dataFolder: dataFolderPath(),
        resourcesFolder: resourcesFolder(),
        emit,
      }),
  })
  console.log(server.address)
  if (openBrowser && services.openFile) {
    await open(server.address).catch((error: unknown) =>
      server.application.log.error('No browser was opened', error),
    )
  }
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
    // A parent that started us over a pipe and ended takes us with it.
    process.once('disconnect', resolve)
  })
  await server.close()
}
