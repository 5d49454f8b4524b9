import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'

/** Procedures of NFS versions 2 (RFC 1094) and 3 (RFC 1813), by their numbers. */
export const V2 =
  'Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink MkDir RmDir ReadDir FsStat'.split(
    ' ',
  )
export const V3 =
  `Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir Rename Link ReadDir
  ReadDirPlus FsStat FsInfo PathConf Commit`.split(/\s+/)

/**
 * Lines that a file may have: with `count` values exactly, with `first` of them read and others left out, or with as many as
 * the first value says, `atLeast` some.
 */
export type RpcLines = Readonly<Record<string, { count: number } | { first: number } | { atLeast: number }>>

/** `proc2 18 16 57 …`: values by the first word of their line, without the number that says how many. Throws ParseError. */
export function parseRpc(bytes: Buffer, file: string, expected: RpcLines): Map<string, number[]> {
  const lines = new Map<string, number[]>()
  const reader = new FieldReader(file, bytes)
  while (reader.nextLine()) {
    reader.next()
    const name = reader.text
    if (!Object.hasOwn(expected, name)) throw new ParseError(file, 'line', name)
    lines.set(name, readValues(reader, name, expected[name]))
  }
  return lines
}

function readValues(reader: FieldReader, name: string, rule: RpcLines[string]): number[] {
  const values: number[] = []
  if ('first' in rule) {
    while (values.length < rule.first) values.push(reader.number(name))
    return values
  }
  const announced = 'atLeast' in rule ? reader.number(`${name} length`) : rule.count
  while (reader.hasNext) values.push(reader.number(name))
  if (values.length !== announced || ('atLeast' in rule && announced < rule.atLeast))
    throw new ParseError(reader.file, `${name} length`, String(values.length))
  return values
}
