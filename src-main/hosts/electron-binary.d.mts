export function electronBinary(packageFolder: string): string | null
export function getElectronBinary(packageFolder: string): string | null
