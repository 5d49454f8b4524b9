import { describe, expect, test } from 'vitest'
import { testConnector, testExporter, testProcessor, testReceiver } from '../../test/support/components.ts'
import { agentConfig, type Given } from '../../test/support/config.ts'
import { buildGraph, reachable } from './graph.ts'

const given: Given[] = [
  ...['r1', 'r2'].map(id => ({ id, definition: testReceiver([], () => undefined) })),
  ...['p1', 'p2'].map(id => ({ id, definition: testProcessor([]) })),
  ...['e1', 'e2'].map(id => ({ id, definition: testExporter({}) })),
  { id: 'c', definition: testConnector() },
]
const graphOf = (...pipelines: string[]) => buildGraph(agentConfig(given, pipelines))
const outputs = (graph: ReturnType<typeof graphOf>, key: string) =>
  Object.fromEntries(graph.nodes.get(key)?.outputs ?? [])

describe('buildGraph', () => {
  test('makes one instance of a receiver and of an exporter for all their pipelines, one of a processor for each', () => {
    const graph = graphOf('logs: r1 -> p1 -> e1', 'metrics: r1 -> p1 -> e1')
    expect([...graph.nodes.keys()].sort()).toEqual([
      'exporter:e1',
      'processor:logs:p1',
      'processor:metrics:p1',
      'receiver:r1',
    ])
    expect(outputs(graph, 'receiver:r1')).toEqual({ logs: ['processor:logs:p1'], metrics: ['processor:metrics:p1'] })
  })

  test('keeps the order of processors and fans out at the end', () => {
    const graph = graphOf('logs: r1 r2 -> p2 p1 -> e1 e2')
    expect(outputs(graph, 'receiver:r2')).toEqual({ logs: ['processor:logs:p2'] })
    expect(outputs(graph, 'processor:logs:p2')).toEqual({ logs: ['processor:logs:p1'] })
    expect(outputs(graph, 'processor:logs:p1')).toEqual({ logs: ['exporter:e1', 'exporter:e2'] })
  })

  test('a receiver in two pipelines fans out to both, and to a shared exporter once', () => {
    const graph = graphOf('logs/a: r1 -> e1', 'logs/b: r1 -> p1 -> e1', 'logs/c: r1 -> e1')
    expect(outputs(graph, 'receiver:r1')).toEqual({ logs: ['exporter:e1', 'processor:logs/b:p1'] })
  })

  test('every node comes after all that it hands to', () => {
    const graph = graphOf('logs/in: r1 -> p1 -> c e2', 'logs/out: c r2 -> p2 -> e1')
    const order = [...graph.nodes.keys()]
    for (const node of graph.nodes.values())
      for (const target of [...node.outputs.values()].flat())
        expect(order.indexOf(target)).toBeLessThan(order.indexOf(node.key))
    expect(order.slice(-2).sort()).toEqual(['receiver:r1', 'receiver:r2'])
  })

  test('reachable crosses connectors and keeps to the signal it began with', () => {
    const graph = graphOf('logs/in: r1 -> c', 'logs/out: c -> p2 -> e1', 'metrics: r1 -> e2')
    const ids = (signal?: 'logs' | 'metrics') =>
      reachable(graph, 'receiver:r1', signal)
        .map(({ id }) => id)
        .sort()
    expect([ids('logs'), ids('metrics'), ids()]).toEqual([['c', 'e1', 'p2'], ['e2'], ['c', 'e1', 'e2', 'p2']])
  })
})
