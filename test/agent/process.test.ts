import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { spawnAgent, temporaryFolder } from '../support/agent_process.ts'
import { freePort } from '../support/ports.ts'

interface Ports {
  metrics: number
  admin: number
}
const freePorts = async (): Promise<Ports> => ({ metrics: await freePort(), admin: await freePort() })

const hostConfig = ({ metrics, admin }: Ports) => `
receivers: { node: { collectors: { filesystem: { enabled: false } } } }
exporters: { prometheus: { endpoint: "127.0.0.1:${metrics}" } }
service:
  admin: { endpoint: "127.0.0.1:${admin}" }
  pipelines: { metrics: { receivers: [node], exporters: [prometheus] } }
`
const stubbornConfig = (admin: number, settings: string) => `
receivers: { node: {} }
exporters: { stubborn: ${settings} }
service:
  shutdown_timeout: 500ms
  admin: { endpoint: "127.0.0.1:${admin}" }
  pipelines: { metrics: { receivers: [node], exporters: [stubborn] } }
`

describe('the process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('drains and ends with 0 on %s, having said where to look', async signal => {
    using folder = temporaryFolder()
    const ports = await freePorts()
    const agent = spawnAgent(['run', '--config', folder.write('c.yaml', hostConfig(ports))])
    await agent.printed('health at')
    expect(agent.output()).toContain(`http://127.0.0.1:${ports.metrics}/metrics`)
    expect(await (await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).text()).toContain('node_load1 ')
    expect((await fetch(`http://127.0.0.1:${ports.admin}/ready`)).status).toBe(200)
    agent.signal(signal)
    expect(await agent.exit).toBe(0)
    expect(agent.output()).toContain('drained')
  })

  test('runs the embedded config when none is given, or says which key to change when its ports are taken', async () => {
    const agent = spawnAgent([])
    const ended = await Promise.race([agent.exit, agent.printed('health at').then(() => 'running')])
    if (ended === 'running') agent.signal('SIGTERM')
    const code = await agent.exit
    expect([0, 1]).toContain(code)
    expect(agent.output()).toMatch(code === 0 ? /9464\/metrics/ : /endpoint/)
  })

  test('ends with 2 and the place of every mistake when the config is refused', async () => {
    using folder = temporaryFolder()
    const file = folder.write('c.yaml', 'receivers:\n  node: {}\nexporters:\n  prometheus: { endpont: x }\n')
    const agent = spawnAgent(['run', '--config', file])
    expect(await agent.exit).toBe(2)
    expect(agent.output()).toContain(`${file}:4:17 exporters.prometheus.endpont: unknown key, did you mean "endpoint"?`)
  })

  test('ends with 1 and names the config key when a port is taken', async () => {
    using folder = temporaryFolder()
    const ports = await freePorts()
    const squatter = createServer().listen(ports.metrics, '127.0.0.1')
    const agent = spawnAgent(['run', '--config', folder.write('c.yaml', hostConfig(ports))])
    expect(await agent.exit).toBe(1)
    expect(agent.output()).toContain(`127.0.0.1:${ports.metrics}`)
    expect(agent.output()).toContain('exporters.prometheus.endpoint')
    squatter.close()
  })

  test('ends with 3 when a component does not stop before the deadline', async () => {
    using folder = temporaryFolder()
    const file = folder.write('c.yaml', stubbornConfig(await freePort(), '{ never_stops: true }'))
    const agent = spawnAgent([file], { main: 'test/support/mains/stubborn.ts' })
    await agent.printed('health at')
    agent.signal('SIGTERM')
    expect(await agent.exit).toBe(3)
    expect(agent.output()).toContain('stubborn did not stop before the deadline')
  })

  test('ends although every thread of the pool hangs in a system call', async () => {
    using folder = temporaryFolder()
    const fifos = [1, 2, 3, 4].map(n => join(folder.path, `fifo${n}`))
    execFileSync('mkfifo', fifos)
    const file = folder.write('c.yaml', stubbornConfig(await freePort(), `{ opens: ${JSON.stringify(fifos)} }`))
    const agent = spawnAgent([file], { main: 'test/support/mains/stubborn.ts' })
    await agent.printed('health at')
    agent.signal('SIGTERM')
    expect(await agent.exit).toBe('SIGTERM')
    expect(agent.output()).toContain('drained')
    expect(agent.output()).toContain('4 system calls still out')
  })

  test.runIf(process.getuid?.() === 0)(
    'ends likewise as PID 1 of a container, whom signals of its own do not reach',
    async () => {
      using folder = temporaryFolder()
      const fifo = join(folder.path, 'fifo')
      execFileSync('mkfifo', [fifo])
      const file = folder.write('c.yaml', stubbornConfig(await freePort(), `{ opens: ["${fifo}"] }`))
      const agent = spawnAgent([file], {
        main: 'test/support/mains/stubborn.ts',
        wrapper: ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
      })
      await agent.printed('health at')
      const inside = execFileSync('pgrep', ['-P', String(agent.child.pid)], { encoding: 'utf8' }).trim()
      process.kill(Number(inside), 'SIGTERM')
      await agent.exit
      expect(agent.output()).toContain('drained')
      expect(agent.output()).toContain('1 system call still out')
    },
  )

  test('a second signal does not wait for the drain', async () => {
    using folder = temporaryFolder()
    const text = stubbornConfig(await freePort(), '{ never_stops: true }').replace('500ms', '10m')
    const agent = spawnAgent([folder.write('c.yaml', text)], { main: 'test/support/mains/stubborn.ts' })
    await agent.printed('health at')
    agent.signal('SIGTERM')
    await agent.printed('draining')
    agent.signal('SIGTERM')
    expect(await agent.exit).toBe(3)
  })
})
