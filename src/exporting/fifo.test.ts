import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fifo } from './fifo.ts'

test('gives back what it was given, in the order of an array', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 0 }), fc.constant('shift'), fc.constant('take'))), steps => {
      const fifo = new Fifo<number>()
      let list: number[] = []
      for (const now of steps) {
        if (now === 'shift') expect(fifo.shift()).toBe(list.shift())
        else if (now === 'take') {
          expect(fifo.take(item => item % 2 === 0)).toEqual(list.filter(item => item % 2 === 0))
          list = list.filter(item => item % 2 !== 0)
        } else {
          fifo.push(now as number)
          list.push(now as number)
        }
        expect([fifo.length, fifo.first, [...fifo]]).toEqual([list.length, list[0], list])
      }
    }),
  )
})

test('stops taking where it is told to', () => {
  const fifo = new Fifo<number>()
  for (const item of [1, 2, 3, 4]) fifo.push(item)
  expect(fifo.take(item => (item === 3 ? undefined : item % 2 === 1))).toEqual([1])
  expect([...fifo]).toEqual([2, 3, 4])
})
