/** XML as events with local names: the prefixes of office formats are conventions, not names. */
import { Parser } from 'htmlparser2'

export interface XmlHandlers {
  readonly open?: (name: string, attributes: Readonly<Record<string, string>>) => void
  readonly text?: (data: string) => void
  readonly close?: (name: string) => void
}

/** Attributes are there by their names and by their local names. */
export function parseXml(xml: string, handlers: XmlHandlers): void {
  const parser = new Parser(
    {
      onopentag: (name, attributes) => handlers.open?.(localName(name), localNames(attributes)),
      ontext: (data) => handlers.text?.(data),
      onclosetag: (name) => handlers.close?.(localName(name)),
    },
    { xmlMode: true, decodeEntities: true },
  )
  parser.end(xml)
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function localNames(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const named: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) named[localName(name)] = value
  return Object.assign(named, attributes)
}

/** `Id` → `Target` of an OPC relationships part, targets relative to `folder`. */
export function readRelationships(xml: string | undefined, folder: string): Map<string, string> {
  const targets = new Map<string, string>()
  parseXml(xml ?? '', {
    open: (name, { Id, Target }) => {
      if (name !== 'Relationship' || Id === undefined || Target === undefined) return
      targets.set(Id, resolvePart(folder, Target))
    },
  })
  return targets
}

/** The name within the container that `target` means in a file of `folder`. */
export function resolvePart(folder: string, target: string): string {
  const path = target.startsWith('/') ? target : `${folder}/${target}`
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}
