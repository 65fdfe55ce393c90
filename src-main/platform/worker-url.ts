/** Where the entry point of a worker is: the source when running from source, the built file beside the bundle else. */
export function workerUrl(name: string): URL {
  const here = import.meta.url
  if (here.endsWith('.ts')) return new URL(`../workers/${name}.ts`, here)
  return new URL(here.includes('/chunks/') ? `../workers/${name}.js` : `./workers/${name}.js`, here)
}
