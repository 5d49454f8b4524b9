import { defineExporter } from '../../src/component/define.ts'
import { MisconfiguredError, StartError } from '../../src/component/errors.ts'
import { type AnyBatch, type Delivered, type Logger, SIGNALS, type Signal } from '../../src/component/types.ts'
import { split } from '../../src/exporting/shape.ts'
import { compress } from '../../src/net/compress.ts'
import { requestJson, requestSlices } from '../../src/otlp/export_request.ts'
import { wireToJson } from '../../src/otlp/json_write.ts'
import { config, type FileConfig } from './config.ts'
import { type Group, groupsOf } from './groups.ts'
import { OutputFile, type OutputOptions } from './output_file.ts'
import { Outputs } from './outputs.ts'

const MIB = 2 ** 20
/** What is cut by an attribute and turned into JSON without a pause: 4 ms. */
const PIECE_BYTES = 256 * 1024

/** What a value can bring about that came from outside: nobody is to wait for that to change. */
const VALUE_ERRORS = new Set(['ENAMETOOLONG', 'ENOTDIR', 'EISDIR'])

/** Writes OTLP to files: one export request a line, or each behind its length. */
export const file = defineExporter({
  type: 'file',
  signals: SIGNALS,
  stability: 'beta',
  delivery: 'push',
  // One batch after the other, as they came.
  ordering: 'per_key',
  config,
  create(given, { id, clock, log }) {
    const options: OutputOptions = {
      framing: given.format === 'json' && given.compression === '' ? 'lines' : 'lengths',
      append: given.append,
      ...(given.rotation && {
        rotation: {
          maxBytes: (given.rotation.max_megabytes || 100) * MIB,
          maxDays: given.rotation.max_days,
          maxBackups: given.rotation.max_backups,
          localtime: given.rotation.localtime,
        },
      }),
      ...((given.create_directory || given.group_by.enabled) && {
        directoryMode: Number.parseInt(given.directory_permissions ?? '0755', 8),
      }),
      configKey: `exporters.${id}.path`,
      clock,
      log,
    }
    const destination = given.group_by.enabled ? new GroupedFiles(given, options) : new SingleFile(given, options)
    // A batch whose write went on after its time was up is not written again.
    const underWay = new WeakMap<AnyBatch, Promise<Delivered>>()
    const write = (batch: AnyBatch): Promise<Delivered> => {
      const known = underWay.get(batch)
      if (known) return known
      const writing = destination.write(batch).finally(() => underWay.delete(batch))
      underWay.set(batch, writing)
      return writing
    }
    return {
      traces: write,
      metrics: write,
      logs: write,
      start: () => destination.start(),
      shutdown: () => destination.close(),
      describe: () => `writes to ${given.path}`,
    }
  },
})

class SingleFile {
  readonly #config: FileConfig
  readonly #file: OutputFile

  constructor(given: FileConfig, options: OutputOptions) {
    this.#config = given
    this.#file = new OutputFile(given.path, options)
  }

  async start(): Promise<void> {
    await this.#file.open().catch(error => {
      if (!(error instanceof MisconfiguredError)) throw error
      throw new StartError(error.message, error.configKey, { cause: error })
    })
  }

  async write(batch: AnyBatch): Promise<undefined> {
    const chunks = this.#config.format === 'json' ? await requestJson(batch) : requestSlices(batch)
    await this.#file.append(await compressed(this.#config, chunks))
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

class GroupedFiles {
  readonly #config: FileConfig
  readonly #outputs: Outputs
  readonly #log: Logger

  constructor(given: FileConfig, options: OutputOptions) {
    this.#config = given
    this.#log = options.log
    this.#outputs = new Outputs(given.path, given.group_by.max_open_files, options)
  }

  start(): void {}

  /** A failure leaves what was written to other files: all of it comes again. */
  async write(batch: AnyBatch): Promise<Delivered> {
    let rejected = 0
    for (const piece of split(batch, Number.POSITIVE_INFINITY, PIECE_BYTES))
      for (const [value, group] of groupsOf(piece, this.#config.group_by.resource_attribute))
        if (value === undefined || !(await this.#append(piece.signal, value, group))) rejected += group.items
    return rejected > 0 ? { rejected, reason: 'no_path' } : undefined
  }

  close(): Promise<void> {
    return this.#outputs.close()
  }

  /** False when there can be no file for this value. */
  async #append(signal: Signal, value: string, { slices }: Group): Promise<boolean> {
    const json = this.#config.format === 'json'
    const chunks = json ? [wireToJson(signal, slices.length === 1 ? slices[0] : Buffer.concat(slices))] : slices
    try {
      await this.#outputs.of(value).append(await compressed(this.#config, chunks))
      return true
    } catch (error) {
      if (!VALUE_ERRORS.has(((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? '')) throw error
      this.#log.warn((error as Error).message)
      return false
    }
  }
}

async function compressed({ compression, compression_params }: FileConfig, chunks: readonly Uint8Array[]) {
  if (compression === '') return chunks
  const whole = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
  return [await compress(whole, compression, compression_params.level)]
}
