export async function main(argv: string[], { onReady }: { onReady?: () => void } = {}) {
  const { parse } = await import('yaml')
  console.log('stub', argv, process.version, parse('a: 1'))
  process.on('SIGTERM', () => { console.log('TERM'); process.exit(7) })
  process.on('SIGHUP', () => { console.log('HUP') })
  onReady?.()
  if (argv.includes('stay')) setInterval(() => {}, 1000)
}
