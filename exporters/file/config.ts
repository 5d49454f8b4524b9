import { z } from 'zod'
import { duration } from '../../src/config/fields.ts'
import { chainFields } from '../../src/exporting/config.ts'

const MAX_MEGABYTES = 100
const MAX_BACKUPS = 100

const rotation = z.strictObject({
  max_megabytes: z
    .int()
    .min(0)
    .default(MAX_MEGABYTES)
    .describe('Begin a new file before one grows beyond so many MiB; 0: 100.'),
  max_days: z.int().min(0).default(0).describe('Delete old files after so many days; 0: never.'),
  max_backups: z.int().min(0).default(MAX_BACKUPS).describe('Keep so many old files; 0: all.'),
  localtime: z.boolean().default(false).describe('Name old files by local time instead of UTC.'),
})

const group_by = z.strictObject({
  enabled: z.boolean().default(false).describe('Write a file for each value of a resource attribute.'),
  resource_attribute: z
    .string()
    .min(1)
    .default('fileexporter.path_segment')
    .describe('The attribute; its value takes the place of the `*` in path.'),
  max_open_files: z
    .int()
    .min(1)
    .default(100)
    .describe('Files that are kept open; the one not used for longest is closed.'),
})

const permissions = z.string().regex(/^0?[0-7]{3}$/, 'not permissions: write them in octal, such as "0755"')

export const config = z
  .strictObject({
    path: z.string().min(1).describe('File to write to; with group_by it has one `*`.'),
    format: z
      .enum(['json', 'proto'])
      .default('json')
      .describe('json: one export request a line. proto: each behind its length.'),
    append: z.boolean().default(false).describe('Go on at the end of a file that is there, instead of emptying it.'),
    rotation: rotation.optional().describe('Begin new files by size. Without it there is one file.'),
    compression: z
      .enum(['zstd', ''])
      .default('')
      .describe('Compress each export request; each then stands behind its length.'),
    compression_params: z
      .strictObject({ level: z.int().default(0).describe('Level of zstd; 0: the fastest, -1: its usual one.') })
      .prefault({})
      .describe('How hard it compresses.'),
    create_directory: z.boolean().default(false).describe('Create the directory of path if it is not there.'),
    directory_permissions: permissions
      .optional()
      .describe('Permissions of directories that are created, before the umask. Default: 0755.'),
    group_by: group_by.prefault({}).describe('Several files, by a resource attribute.'),
    encoding: z
      .never({ error: 'not possible: it names an extension that writes formats; `format` has json and proto' })
      .optional()
      .describe('Refused: it names an extension that writes formats.'),
    flush_interval: duration().default(1000).describe('Accepted and without effect: every batch is written at once.'),
    ...chainFields,
    timeout: duration().default(60_000).describe('How long one attempt to write may take; 0: no limit.'),
  })
  .superRefine(({ path, group_by, append, rotation, create_directory, directory_permissions }, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (append && rotation) refuse('append', 'has no meaning with rotation, which always goes on at the end')
    if (directory_permissions !== undefined && !create_directory && !group_by.enabled)
      refuse('directory_permissions', 'has no meaning without create_directory')
    if (!group_by.enabled) return
    if (path.split('*').length !== 2) refuse('path', 'needs exactly one * with group_by: the attribute takes its place')
    else if (path.startsWith('*')) refuse('path', 'must not begin with *: the files would be anywhere')
  })
export type FileConfig = z.output<typeof config>
