import { describe, expect, test } from 'vitest'
import type { HttpHandler } from '../component/types.ts'
import { Borrow, RouteTable } from './routes.ts'

const nothing: HttpHandler = () => {}
const borrow = (host: string, ...paths: string[]) =>
  new Borrow(host, Object.fromEntries(paths.map(path => [path, nothing])), { configKey: 'k' })

function tableOf(...borrows: Borrow[]): RouteTable {
  const table = new RouteTable()
  for (const one of borrows) table.add(one)
  return table
}

describe('routes', () => {
  test('a path is taken as it is, or by the longest path above it that ends in /', () => {
    const [exact, api, root] = [borrow('', '/api/x'), borrow('', '/api/'), borrow('', '/')]
    const table = tableOf(root, api, exact)
    const serving = (path: string) => table.match(path, '127.0.0.1')?.borrow
    expect(serving('/api/x')).toBe(exact)
    expect(serving('/api/x/y')).toBe(api)
    expect(serving('/api/')).toBe(api)
    expect(serving('/api')).toBe(root)
    expect(serving('/')).toBe(root)
  })

  test('a path without / at its end takes nothing below it', () => {
    expect(tableOf(borrow('', '/metrics')).match('/metrics/x', '127.0.0.1')).toBeUndefined()
  })

  test('the newest borrower of a path serves, and the one before it serves again after it', () => {
    const [old, fresh] = [borrow('', '/a'), borrow('', '/a')]
    const table = tableOf(old, fresh)
    expect(table.match('/a', '127.0.0.1')?.borrow).toBe(fresh)
    table.remove(fresh)
    expect(table.match('/a', '127.0.0.1')?.borrow).toBe(old)
    table.remove(old)
    expect(table.match('/a', '127.0.0.1')).toBeUndefined()
  })

  test('removing an old borrower leaves the newest one serving', () => {
    const [old, fresh] = [borrow('', '/a'), borrow('', '/a')]
    const table = tableOf(old, fresh)
    table.remove(old)
    expect(table.match('/a', '127.0.0.1')?.borrow).toBe(fresh)
  })

  test('what was borrowed for one address answers no connection to another', () => {
    const table = tableOf(borrow('127.0.0.1', '/-/reload'), borrow('0.0.0.0', '/healthz'))
    expect(table.match('/-/reload', '127.0.0.1')).toBeDefined()
    expect(table.match('/-/reload', '10.0.0.7')).toBeUndefined()
    expect(table.paths('10.0.0.7')).toEqual(['/healthz'])
    expect(table.paths('127.0.0.1')).toEqual(['/-/reload', '/healthz'])
  })

  test('a borrow is idle once its last handler has ended', async () => {
    const one = borrow('', '/a')
    let end = () => {}
    const running = one.run(() => new Promise<void>(resolve => (end = resolve)))
    let idle = false
    const waiting = one.idle().then(() => (idle = true))
    await Promise.resolve()
    expect(idle).toBe(false)
    end()
    await Promise.all([running, waiting])
    expect(idle).toBe(true)
  })
})
