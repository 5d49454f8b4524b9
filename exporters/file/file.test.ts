import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WireBatch } from '../../src/telemetry/wire_batch.ts'
import { endSenders, failure, logs, sender, traces } from '../../test/otlp_export/sending.ts'
import { judged, type Plain, requestType } from '../../test/otlp_wire/schema.ts'
import { FakeClock } from '../../test/support/clock.ts'
import { everyKind } from '../../test/support/generate.ts'
import { file } from './exporter.ts'

let folder: string
const at = (...names: string[]) => join(folder, ...names)
const lines = (name: string): Plain[] =>
  readFileSync(at(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
const spanNames = (request: Plain): string[] =>
  request.resourceSpans.flatMap((group: Plain) =>
    group.scopeSpans.flatMap((scope: Plain) => scope.spans.map((span: Plain) => span.name)),
  )

/** Requests behind their lengths. */
function behindLengths(name: string): Buffer[] {
  const bytes = readFileSync(at(name))
  const requests: Buffer[] = []
  for (let from = 0; from < bytes.length; from += 4 + bytes.readUInt32BE(from))
    requests.push(bytes.subarray(from + 4, from + 4 + bytes.readUInt32BE(from)))
  return requests
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-file-'))
})
afterEach(async () => {
  await endSenders()
  rmSync(folder, { recursive: true })
})

describe('what is written', () => {
  test('is one export request a line as JSON, of every signal', async () => {
    const { send, settings } = await sender(file, { path: at('all.jsonl') })
    await send(traces(3))
    await send(logs())
    await send(everyKind(settings.series))
    const [spans, records, metrics] = lines('all.jsonl')
    expect(spanNames(spans)).toEqual(['span 0', 'span 1', 'span 2'])
    expect(records.resourceLogs[0].scopeLogs[0].logRecords[0].body).toEqual({ stringValue: 'line 0' })
    expect(metrics.resourceMetrics[0].scopeMetrics[0].metrics.length).toBeGreaterThan(5)
  })

  test.each([
    ['protobuf behind its length', { format: 'proto' }, (bytes: Buffer) => bytes],
    ['compressed protobuf behind its length', { format: 'proto', compression: 'zstd' }, zstdDecompressSync],
  ])('is %s', async (_, given, decompress) => {
    const { send } = await sender(file, { path: at('all.pb'), ...given })
    await send(traces(3))
    await send(traces(2, 3))
    const requests = behindLengths('all.pb').map(bytes => judged(requestType('traces'), decompress(bytes)))
    expect(requests.map(spanNames)).toEqual([
      ['span 0', 'span 1', 'span 2'],
      ['span 3', 'span 4'],
    ])
  })

  test('is JSON behind its length when it is compressed', async () => {
    const { send } = await sender(file, { path: at('all.zst'), compression: 'zstd' })
    await send(traces(2))
    const [request] = behindLengths('all.zst').map(bytes => JSON.parse(zstdDecompressSync(bytes).toString()))
    expect(spanNames(request)).toEqual(['span 0', 'span 1'])
  })

  test('keeps the order of batches that come at once', async () => {
    const { send } = await sender(file, { path: at('all.jsonl') })
    await Promise.all(Array.from({ length: 20 }, (_, i) => send(traces(1, i))))
    expect(lines('all.jsonl').flatMap(spanNames)).toEqual(Array.from({ length: 20 }, (_, i) => `span ${i}`))
  })

  test('is there once, though it is offered again while it is being written', async () => {
    const { send } = await sender(file, { path: at('all.jsonl') })
    const batch = traces(2)
    await Promise.all([send(batch), send(batch)])
    expect(lines('all.jsonl')).toHaveLength(1)
  })
})

describe('a file that is there', () => {
  test('is emptied at the start, and not again', async () => {
    writeFileSync(at('a.jsonl'), '{"old":1}\n')
    const { send } = await sender(file, { path: at('a.jsonl') })
    await send(traces(1))
    await send(traces(1, 1))
    expect(lines('a.jsonl').flatMap(spanNames)).toEqual(['span 0', 'span 1'])
  })

  test.each([
    ['lines', {}, Buffer.from('{"old":1}\n'), Buffer.from('{"torn":')],
    ['lengths', { format: 'proto' }, Buffer.from([0, 0, 0, 2, 10, 0]), Buffer.from([0, 0, 0, 9, 1])],
    ['lengths, cut inside one', { format: 'proto' }, Buffer.from([0, 0, 0, 2, 10, 0]), Buffer.from([0, 0])],
  ])(
    'goes on at its end with append, and what a dead process left half is cut off: %s',
    async (_, given, whole, torn) => {
      writeFileSync(at('a'), Buffer.concat([whole, torn]))
      const { send, log } = await sender(file, { path: at('a'), append: true, ...given })
      await send(traces(1))
      expect(readFileSync(at('a')).subarray(0, whole.length)).toEqual(whole)
      const rest = readFileSync(at('a')).subarray(whole.length)
      if ('format' in given) expect(rest.readUInt32BE()).toBe(rest.length - 4)
      else expect(spanNames(JSON.parse(rest.toString()))).toEqual(['span 0'])
      expect(log.lines).toEqual([`warn: ${at('a')}: the last ${torn.length} bytes are half a request and are cut off`])
    },
  )

  test('with no line end for a long way is cut off to its start', async () => {
    writeFileSync(at('a'), Buffer.alloc(200_000, 97))
    const { send } = await sender(file, { path: at('a'), append: true })
    await send(traces(1))
    expect(lines('a')).toHaveLength(1)
  })

  test.each([
    ['moved', () => renameSync(at('a'), at('b'))],
    ['deleted', () => rmSync(at('a'))],
  ])('and is %s meanwhile is begun anew', async (_, change) => {
    const { send } = await sender(file, { path: at('a') })
    await send(traces(1))
    change()
    await send(traces(1, 1))
    expect(lines('a').flatMap(spanNames)).toEqual(['span 1'])
  })

  test('and is cut by others meanwhile grows from there', async () => {
    const { send } = await sender(file, { path: at('a') })
    await send(traces(1))
    truncateSync(at('a'), 0)
    await send(traces(1, 1))
    expect(lines('a').flatMap(spanNames)).toEqual(['span 1'])
  })
})

describe('rotation', () => {
  const rotating = (rotation: object, clock = new FakeClock(Date.UTC(2022, 8, 14, 5, 2, 14, 173))) =>
    sender(file, { path: at('data.json'), rotation: { max_megabytes: 1, ...rotation } }, { clock }).then(one => ({
      ...one,
      clock,
    }))
  /** More than half a MiB. */
  const large = (from: number) => traces(4000, from)

  test('puts a file aside before it grows too large, under the time', async () => {
    const { send } = await rotating({})
    await send(large(0))
    await send(large(5000))
    expect(readdirSync(folder).sort()).toEqual(['data-2022-09-14T05-02-14.173.json', 'data.json'])
    expect(spanNames(lines('data.json')[0])[0]).toBe('span 5000')
    expect(spanNames(lines('data-2022-09-14T05-02-14.173.json')[0])[0]).toBe('span 0')
  })

  test('finds another name when the time is taken', async () => {
    const { send } = await rotating({})
    for (let i = 0; i < 3; i++) await send(large(i))
    expect(readdirSync(folder)).toHaveLength(3)
  })

  test('goes on with the file that is there', async () => {
    const { send } = await rotating({})
    await send(traces(1))
    await endSenders()
    await (await rotating({})).send(traces(1, 1))
    expect(lines('data.json').flatMap(spanNames)).toEqual(['span 0', 'span 1'])
  })

  test('keeps as many old files as it may, and leaves those of others', async () => {
    for (const name of ['data-backup.json', 'data-2022-09-14.json', 'other-2020-01-01T00-00-00.000.json'])
      writeFileSync(at(name), '')
    const { send, clock } = await rotating({ max_backups: 2 })
    for (let i = 0; i < 5; i++) {
      await send(large(i))
      await clock.advance(1000)
    }
    const old = readdirSync(folder).filter(name => /T05-02/.test(name))
    expect(old.sort()).toEqual(['data-2022-09-14T05-02-17.173.json', 'data-2022-09-14T05-02-18.173.json'])
    expect(readdirSync(folder)).toHaveLength(6)
  })

  test('deletes old files after max_days', async () => {
    writeFileSync(at('data-2022-09-12T05-02-14.172.json'), '')
    writeFileSync(at('data-2022-09-12T05-02-14.174.json'), '')
    const { send } = await rotating({ max_days: 2 })
    await send(large(0))
    await send(large(1))
    const left = ['data-2022-09-12T05-02-14.174.json', 'data-2022-09-14T05-02-14.173.json', 'data.json']
    expect(readdirSync(folder).sort()).toEqual(left)
  })
})

describe('a file that can not be written', () => {
  test('stops the start, and its path is named', async () => {
    const path = at('missing', 'a.jsonl')
    const message = `can't write ${path}: ENOENT`
    await expect(sender(file, { path })).rejects.toMatchObject({
      name: 'StartError',
      message,
      configKey: 'exporters.file.path',
    })
  })

  test('is made with its directory where that is allowed', async () => {
    const { send } = await sender(file, {
      path: at('a', 'b', 'c.jsonl'),
      create_directory: true,
      directory_permissions: '0700',
    })
    await send(traces(1))
    expect(lines('a/b/c.jsonl')).toHaveLength(1)
  })

  test('later keeps the data, and is written once it can be again', async () => {
    mkdirSync(at('d'))
    const { send } = await sender(file, { path: at('d', 'a') })
    renameSync(at('d'), at('e'))
    expect(await failure(send(traces(1)))).toEqual({
      name: 'MisconfiguredError',
      message: `can't write ${at('d', 'a')}: ENOENT`,
      configKey: 'exporters.file.path',
    })
    mkdirSync(at('d'))
    await send(traces(1))
    expect(lines('d/a')).toHaveLength(1)
  })

  test('because the disk is full holds whole requests only, and the data is tried again', () => {
    // A limit of the process on the size of files stands for the disk: 64 blocks of 1 KiB.
    const script = join(import.meta.dirname, 'testdata/fill.ts')
    const command = `ulimit -f 64; exec "${process.execPath}" "${script}" "${at('a')}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
    expect(stderr).not.toMatch(/Error/)
    const { delivered, failed } = JSON.parse(stdout)
    expect(failed).toEqual({ name: 'Error', message: `can't write ${at('a')}: EFBIG` })
    expect(delivered).toBeGreaterThan(0)
    expect(lines('a')).toHaveLength(delivered)
    appendFileSync(at('a'), '{}\n')
    expect(lines('a').at(-1)).toEqual({})
  })
})

describe('group_by', () => {
  const grouped = (given: object = {}, path = at('out', '*.jsonl')) =>
    sender(file, { path, group_by: { enabled: true, resource_attribute: 'service.name', ...given } })
  const of = (service: string | undefined, count = 1, from = 0) => {
    const batch = traces(count, from)
    const bytes = Buffer.from(batch.encode())
    if (service === 'shop') return batch
    // Only as long as the name that is there, so that no length changes.
    const changed =
      service === undefined
        ? bytes.toString('latin1').replace('service.name', 'service.nome')
        : bytes.toString('latin1').replace('shop', service)
    return new WireBatch('traces', [new Uint8Array(Buffer.from(changed, 'latin1'))], count, batch.origin)
  }

  test('writes a file for each value', async () => {
    const { send } = await grouped()
    const batches = [of('shop', 2), of('cart', 1, 5), of('shop', 1, 9)]
    expect(await send(WireBatch.concat(batches))).toBeUndefined()
    expect(spanNames(lines('out/shop.jsonl')[0])).toEqual(['span 0', 'span 1', 'span 9'])
    expect(spanNames(lines('out/cart.jsonl')[0])).toEqual(['span 5'])
  })

  test('counts what has no value as lost', async () => {
    const { send, settings } = await grouped()
    expect(await send(WireBatch.concat([of('shop'), of(undefined, 3)]))).toEqual({ rejected: 3, reason: 'no_path' })
    expect(await send(everyKind(settings.series))).toBeUndefined()
    const other = await grouped({ resource_attribute: 'nothing' })
    const metrics = everyKind(other.settings.series)
    expect(await other.send(metrics)).toEqual({ rejected: metrics.itemCount, reason: 'no_path' })
  })

  test.each([
    ['../x', 'out/x.jsonl'],
    ['a/bc', 'out/a/bc.jsonl'],
    ['/a/b', 'out/a/b.jsonl'],
    ['a\0bc', 'out/a_bc.jsonl'],
  ])('never leaves its folder, with the value %j', async (value, expected) => {
    const { send } = await grouped()
    await send(of(value))
    expect(existsSync(at(expected))).toBe(true)
  })

  test('counts values that can be no path as lost, and goes on with the others', async () => {
    const { send, log } = await grouped({}, at('out', '*'))
    expect(await send(WireBatch.concat([of('shop'), of('a/bc'), of('cart')]))).toBeUndefined()
    mkdirSync(at('out', 'diry'))
    expect(await send(WireBatch.concat([of('diry', 2), of('shop')]))).toEqual({ rejected: 2, reason: 'no_path' })
    expect(log.lines).toEqual([`warn: can't write ${at('out', 'diry')}: EISDIR`])
    expect(lines('out/shop')).toHaveLength(2)
  })

  test('closes files that are not used, and goes on with them later', async () => {
    const { send } = await grouped({ max_open_files: 1 })
    for (const [i, service] of ['shop', 'cart', 'shop'].entries()) await send(of(service, 1, i))
    expect(lines('out/shop.jsonl').flatMap(spanNames)).toEqual(['span 0', 'span 2'])
  })
})

describe('settings', () => {
  const problems = (given: object) =>
    file.config
      .safeParse({ path: '/x', ...given })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  test.each([
    [{ append: true, rotation: {} }, 'append: has no meaning with rotation, which always goes on at the end'],
    [{ directory_permissions: '0700' }, 'directory_permissions: has no meaning without create_directory'],
    [{ directory_permissions: '0988' }, 'directory_permissions: not permissions: write them in octal, such as "0755"'],
    [{ group_by: { enabled: true } }, 'path: needs exactly one * with group_by: the attribute takes its place'],
    [{ path: '*/x', group_by: { enabled: true } }, 'path: must not begin with *: the files would be anywhere'],
    [
      { encoding: 'text' },
      'encoding: not possible: it names an extension that writes formats; `format` has json and proto',
    ],
  ])('%j are refused', (given, message) => {
    expect(problems(given)).toContain(message)
  })
})
