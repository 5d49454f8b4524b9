import { peer } from '../../peers/peers.ts'
import { answers, onFreePort, startProcess } from './process.ts'

/** The real node_exporter on a free port of 127.0.0.1, with further arguments of its own. */
export async function startNodeExporter(args: string[] = []): Promise<{ url: string; stop(): Promise<void> }> {
  const { path } = await peer('node_exporter')
  return onFreePort(async port => {
    const url = `http://127.0.0.1:${port}`
    const own = `--web.listen-address=127.0.0.1:${port}`
    const { stop } = await startProcess({ path, args: [own, ...args], ready: () => answers(`${url}/`) })
    return { url, stop }
  })
}
