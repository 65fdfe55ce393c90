/** The models to choose from, by whether text leaves this computer. */
import type { EmbedModelInfo } from '#contract'

export function ModelOptions({ models }: { readonly models: readonly EmbedModelInfo[] }) {
  const options = (offline: boolean) =>
    models
      .filter((model) => model.offline === offline)
      .map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))
  const remote = options(false)
  return (
    <>
      <optgroup label="On this computer">{options(true)}</optgroup>
      {remote.length > 0 && <optgroup label="Sends text to a server">{remote}</optgroup>}
    </>
  )
}
