/** The manual page: what is written in stackroom.1, with what each command says of itself. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../command.ts'

/** @param command how the built command is called */
export function manualPage(command: readonly [string, ...string[]], version: string, date: Date): string {
  const [program, ...args] = command
  const help = (...names: string[]): string => run(program, [...args, ...names, '--help'])
  const template = readFileSync(join(import.meta.dirname, 'stackroom.1'), 'utf8')
  const sections = commandNames(help()).map((name) => section(name, help(name)))
  return template
    .replace('@DATE@', date.toISOString().slice(0, 10))
    .replace('@VERSION@', version)
    .replace('@COMMANDS@', () => sections.join('\n'))
}

function commandNames(help: string): string[] {
  const [, list = ''] = help.split(/^Commands:$/m)
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help')
}

function section(name: string, help: string): string {
  return `.SS ${name}\n.nf\n${help.trimEnd().split('\n').map(asRoff).join('\n')}\n.fi`
}

/** A line that begins with a dot or a quote would be a request. */
function asRoff(line: string): string {
  return line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&')
}
