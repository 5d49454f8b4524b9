import { describe, expect, test } from 'vitest'
import { escapeLabels, joinLabels } from './labels.ts'
import { compareUtf8, type Escaping, escapeName } from './names.ts'

describe('escaping schemes', () => {
  const expected: [Escaping, string, string][] = [
    ['allow-utf-8', 'my.metric é', 'my.metric é'],
    ['underscores', 'my.metric é', 'my_metric__'],
    ['underscores', '1st', '_st'],
    ['dots', 'my.metric_a é', 'my_dot_metric__a____'],
    ['values', 'my.metric_a é', 'U__my_2e_metric__a_20__e9_'],
    ['values', '😀', 'U___1f600_'],
  ]
  test.each(expected)('%s: %j becomes %j', (escaping, name, escaped) => {
    expect(escapeName(name, escaping)).toBe(escaped)
  })

  test.each(['underscores', 'dots', 'values'] as const)('%s leaves legacy names as they are', escaping => {
    expect(escapeName('node_cpu:rate5m', escaping)).toBe('node_cpu:rate5m')
  })

  test('a colon, which labels may not have, is escaped in them', () => {
    expect(escapeLabels([['a:b', 'x']], 'underscores')).toEqual([['a_b', 'x']])
    expect(escapeLabels([['a:b', 'x']], 'values')).toEqual([['U__a_3a_b', 'x']])
  })
})

describe('labels', () => {
  test('are sorted by bytes of their names, without empty ones', () => {
    expect(
      joinLabels([
        ['b', 'b', '1'],
        ['a', 'a', '2'],
        ['c', 'c', ''],
      ]),
    ).toEqual([
      ['a', '2'],
      ['b', '1'],
    ])
  })

  test('whose names become the same are joined with ; in the order of the original names', () => {
    expect(
      joinLabels([
        ['a_b', 'a_b', 'under'],
        ['a.b', 'a_b', 'dot'],
        ['a-b', 'a_b', 'dash'],
      ]),
    ).toEqual([['a_b', 'dash;dot;under']])
    expect(
      escapeLabels(
        [
          ['a.b', 'dot'],
          ['a_b', 'under'],
        ],
        'underscores',
      ),
    ).toEqual([['a_b', 'dot;under']])
  })

  test('are compared as UTF-8, in which what is beyond 16 bits comes last', () => {
    expect(['\u{1f600}', '\uffee', 'z'].sort(compareUtf8)).toEqual(['z', '\uffee', '\u{1f600}'])
    expect('\u{1f600}' < '\uffee').toBe(true)
  })
})
