import { expect, test } from 'vitest'
import { startDockerd } from './dockerd.ts'
import { describeWith } from './requires.ts'

describeWith(['dockerd'], 'a Docker Engine started for a test', () => {
  test('answers the client, has no images of the machine, and is gone after stop', async () => {
    const { docker, stop } = await startDockerd()
    try {
      expect(await docker(['info', '--format', '{{.Driver}} {{.Images}}'])).toBe('vfs 0\n')
    } finally {
      await stop()
    }
    await expect(docker(['info'])).rejects.toThrow()
  })
})
