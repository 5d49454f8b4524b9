import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { filefd, parseFileNr } from './filefd.ts'

test('writes open files and their limit, which is above 2^53', async () => {
  expect((await collectorOn(filefd, recordedHost).collect()).samples).toEqual({
    node_filefd_allocated: 1024,
    node_filefd_maximum: 2 ** 63,
  })
})

test.each(['', '1', '1\t0', '1 0 2', 'a\t0\t2'])('refuses %j', text => {
  expect(() => parseFileNr(text)).toThrow('sys/fs/file-nr')
})
