import { writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { describe, expect, test } from 'vitest'
import { type AgentProcess, spawnAgent, temporaryFolder } from '../support/agent_process.ts'
import { freePort } from '../support/ports.ts'

interface Ports {
  a: number
  b: number
  admin: number
  check: number
}
/** How often each component has been changed. */
interface Versions {
  a: number
  b: number
  node: number
  debug: number
  check: number
}

const configText = (ports: Ports, v: Versions) => `
receivers: { node: { collection_interval: ${60 + v.node}s, collectors: { filesystem: { enabled: false } } } }
exporters:
  prometheus/a: { endpoint: "127.0.0.1:${ports.a}", const_labels: { version: "${v.a}" } }
  prometheus/b: { endpoint: "127.0.0.1:${ports.b}", const_labels: { version: "${v.b}" } }
  debug: { sampling_initial: ${v.debug + 1} }
extensions:
  health_check: { endpoint: "127.0.0.1:${ports.check}", response_body: { healthy: "fine ${v.check}" } }
service:
  extensions: [health_check]
  admin: { endpoint: "127.0.0.1:${ports.admin}" }
  pipelines:
    metrics/a: { receivers: [node], exporters: [prometheus/a, debug] }
    metrics/b: { receivers: [node], exporters: [prometheus/b] }
`

async function running(folder: { write(name: string, text: string): string }, ...args: string[]) {
  const ports: Ports = { a: await freePort(), b: await freePort(), admin: await freePort(), check: await freePort() }
  const versions: Versions = { a: 1, b: 1, node: 1, debug: 1, check: 1 }
  const file = folder.write('c.yaml', configText(ports, versions))
  const agent = spawnAgent(['run', '--config', file, ...args])
  await agent.printed('health at')
  const change = (part: keyof Versions) => {
    versions[part]++
    writeFileSync(file, configText(ports, versions))
  }
  return { ports, versions, file, agent, change }
}

async function ended(agent: AgentProcess): Promise<void> {
  agent.signal('SIGTERM')
  expect(await agent.exit).toBe(0)
}

const reload = (port: number) => fetch(`http://127.0.0.1:${port}/-/reload`, { method: 'POST' })
const page = async (port: number, path = '/metrics') => (await fetch(`http://127.0.0.1:${port}${path}`)).text()

/** One GET; resolves with the status when the whole body was read. */
function status(url: string, agent?: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent: agent ?? false }, response => {
      response
        .on('error', reject)
        .on('end', () => resolve(response.statusCode ?? 0))
        .resume()
    }).on('error', reject)
  })
}

/** A load of `perSecond` new connections a second and `kept` that are kept alive, until it is stopped. */
function load(urls: string[], perSecond: number, kept: number) {
  const answers: Record<string, number> = {}
  let sent = 0
  let going = true
  const one = async (url: string, agent?: Agent): Promise<void> => {
    sent++
    const answer = await status(url, agent).then(String, error => `${error.code ?? error}`)
    answers[answer] = (answers[answer] ?? 0) + 1
  }
  const pick = () => urls[sent % urls.length]
  const flying: Promise<void>[] = []
  const timer = setInterval(() => flying.push(one(pick())), 1000 / perSecond)
  const keeping = Array.from({ length: kept }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (going) {
      await one(pick(), agent)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    agent.destroy()
  })
  return {
    async stop() {
      clearInterval(timer)
      going = false
      await Promise.all([...flying, ...keeping])
      return { sent, answers }
    },
  }
}

describe('reload', () => {
  test('answers every request while twenty reloads change one component after another', async () => {
    using folder = temporaryFolder()
    const { ports, agent, change } = await running(folder)
    const urls = [
      `http://127.0.0.1:${ports.a}/metrics`,
      `http://127.0.0.1:${ports.b}/metrics`,
      `http://127.0.0.1:${ports.check}/`,
    ]
    const traffic = load(urls, 200, 50)
    const parts: (keyof Versions)[] = ['a', 'b', 'node', 'debug', 'check']
    for (let i = 0; i < 20; i++) {
      change(parts[i % parts.length])
      expect((await reload(ports.admin)).status).toBe(200)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    const { sent, answers } = await traffic.stop()
    expect(answers).toEqual({ 200: sent })
    expect(sent).toBeGreaterThan(500)
    expect(await page(ports.a)).toContain('version="5"')
    expect(await page(ports.check, '/')).toBe('fine 5')
    await ended(agent)
  })

  test('restarts nothing but what changed, and says so', async () => {
    using folder = temporaryFolder()
    const { ports, agent, change } = await running(folder)
    change('debug')
    expect(await (await reload(ports.admin)).json()).toEqual({ ok: true, changed: ['debug'] })
    expect(await (await reload(ports.admin)).json()).toEqual({ ok: true, changed: [] })
    await ended(agent)
  })

  test('SIGHUP reloads, and a refused config leaves the old one running', async () => {
    using folder = temporaryFolder()
    const { ports, agent, change, file } = await running(folder)
    change('a')
    agent.signal('SIGHUP')
    await agent.printed('config reloaded')
    expect(await page(ports.a)).toContain('version="2"')
    writeFileSync(file, 'exporters: { prometheus/a: { endpont: x } }')
    const refused = await reload(ports.admin)
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('endpont: unknown key')])
    expect(await page(ports.a)).toContain('version="2"')
    expect((await fetch(`http://127.0.0.1:${ports.admin}/ready`)).status).toBe(200)
    await ended(agent)
  })

  test('a new port that is taken leaves the old one serving', async () => {
    using folder = temporaryFolder()
    const { ports, agent, versions, file } = await running(folder)
    writeFileSync(
      file,
      configText({ ...ports, a: ports.b }, versions).replace('prometheus/b: {', 'prometheus/b: { path: /b,'),
    )
    expect((await reload(ports.admin)).status).toBe(200)
    const taken = await freePort()
    const squatter = (await import('node:net')).createServer().listen(taken, '127.0.0.1')
    writeFileSync(file, configText({ ...ports, a: taken }, versions))
    const refused = await reload(ports.admin)
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining(`${taken}`)])
    expect(await page(ports.b)).toContain('node_load1')
    squatter.close()
    await ended(agent)
  })

  test('--watch takes a changed file over by itself, also one that was replaced', async () => {
    using folder = temporaryFolder()
    const { ports, agent, versions, file } = await running(folder, '--watch')
    const { renameSync } = await import('node:fs')
    versions.a++
    renameSync(folder.write('new.yaml', configText(ports, versions)), file)
    await agent.printed('config reloaded: started prometheus/a')
    expect(await page(ports.a)).toContain('version="2"')
    await ended(agent)
  })

  test('the admin port itself can move', async () => {
    using folder = temporaryFolder()
    const { ports, agent, versions, file } = await running(folder)
    const moved = await freePort()
    writeFileSync(file, configText({ ...ports, admin: moved }, versions))
    expect((await reload(ports.admin)).status).toBe(200)
    expect((await fetch(`http://127.0.0.1:${moved}/ready`)).status).toBe(200)
    await expect(fetch(`http://127.0.0.1:${ports.admin}/ready`)).rejects.toThrow()
    await ended(agent)
  })
})
