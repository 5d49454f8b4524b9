import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPage } from './read_page.ts'
import { readSeries } from './series_reader.ts'
import { TextReader, type TextReaderOptions } from './text_reader.ts'

/** Everything a reader says, in order. */
function read(text: string | Uint8Array, options: TextReaderOptions, chunkSizes: number[] = []): string[] {
  const said: string[] = []
  const reader = new TextReader(
    {
      help: (name, help) => said.push(`help ${name} ${JSON.stringify(help)}`),
      type: (name, type) => said.push(`type ${name} ${type}`),
      unit: (name, unit) => said.push(`unit ${name} ${unit}`),
      sample({ bytes, seriesStart, seriesEnd, value, timeMs, line, ...rest }) {
        const time = timeMs === undefined ? '' : ` @${timeMs}`
        const series = Buffer.from(bytes.subarray(seriesStart, seriesEnd)).toString()
        const labels = Buffer.from(bytes.subarray(rest.exemplarStart, rest.exemplarEnd)).toString()
        const exemplar = labels && ` # ${labels} ${rest.exemplarValue} ${rest.exemplarSeconds ?? ''}`.trimEnd()
        said.push(`${line}: ${series} ${value}${time}${exemplar && ` ${exemplar.trim()}`}`)
      },
    },
    options,
  )
  let rest = Buffer.from(text)
  for (const size of chunkSizes) {
    reader.push(rest.subarray(0, size))
    rest = rest.subarray(size)
  }
  reader.push(rest)
  reader.end()
  if (reader.error) said.push(`error in line ${reader.error.line}: ${reader.error.message}`)
  return said
}

const TEXT = { openMetrics: false }
const OPENMETRICS = { openMetrics: true }

const page = `# HELP http_requests_total The "total"\\nof \\\\ requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",path="a} b\\"c\\\\"}    3

# A comment.
#TYPES of nothing are no type
   metric_without_timestamp_and_labels\t12.47
{"my.metric", "a.b"="c", } +Inf
something_weird { problem = "division by zero" , } -inf -3982045
# TYPE latency untyped
nan NaN`

describe('the text format', () => {
  test('is read line by line, with the bytes of each series as they stand', () => {
    expect(read(page, TEXT)).toEqual([
      'help http_requests_total "The \\"total\\"\\nof \\\\ requests."',
      'type http_requests_total counter',
      '3: http_requests_total{method="post",code="200"} 1027 @1395066363000',
      '4: http_requests_total{method="post",path="a} b\\"c\\\\"} 3',
      '8: metric_without_timestamp_and_labels 12.47',
      '9: {"my.metric", "a.b"="c", } Infinity',
      '10: something_weird { problem = "division by zero" , } -Infinity @-3982045',
      'type latency unknown',
      '12: nan NaN',
    ])
  })

  test('is the same in chunks of any size', () => {
    const whole = read(page, TEXT)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }), sizes => {
        expect(read(page, TEXT, sizes)).toEqual(whole)
      }),
    )
  })

  test.each([
    ['a 1\nb{', 2, 'labels that are not closed'],
    ['a{b="c} 1', 1, 'labels that are not closed'],
    ['a', 1, 'the value is not a number'],
    ['a 1x', 1, 'the value is not a number'],
    ['a 0x1p3', 1, 'the value is not a number'],
    ['a 1_000', 1, 'the value is not a number'],
    ['a 1 2.5', 1, 'the timestamp is not a whole number of milliseconds'],
    ['a 1 2 3', 1, 'text behind the timestamp'],
    ['# TYPE a thing', 1, 'no such type: "thing"'],
    ['# HELP', 1, 'a comment without a name'],
  ])('%j is refused', (text, line, message) => {
    expect(read(text, TEXT)).toContain(`error in line ${line}: ${message}`)
  })

  test('nothing is read after the first error', () => {
    expect(read('a 1\nb x\nc 2\n', TEXT)).toEqual(['1: a 1', 'error in line 2: the value is not a number'])
  })

  test('text that is not UTF-8 is refused where it is text, and is no crash where it is not looked at', () => {
    const bad = Buffer.concat([Buffer.from('# HELP a '), Buffer.of(0xff), Buffer.from('\n')])
    expect(read(bad, TEXT)).toEqual(['error in line 1: text that is not UTF-8'])
    const series = Buffer.from('a{b="\xff"}', 'latin1')
    expect(() => readSeries(series, 0, series.length, { maxLabels: 9 })).toThrow('text that is not UTF-8')
  })

  test('a line that does not end is refused as soon as it is too long, in chunks and whole', () => {
    const options = { ...TEXT, maxLineBytes: 100 }
    const long = `ok 1\n${'x'.repeat(200)}`
    const error = ['1: ok 1', 'error in line 2: a line of more than 100 bytes']
    expect(read(long, options)).toEqual(error)
    expect(read(long, options, [5, 60, 60])).toEqual(error)
    expect(read(`${long} 1\n`, options)).toEqual(error)
  })

  test('any bytes at all end in an answer', () => {
    const pieces = fc.constantFrom('a', '{', '}', '"', '\\', ' ', '\n', '=', ',', '#', '1', ' # ', '# HELP ', 'é', '\0')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces).map(list => Buffer.from(list.join(''))),
          fc.uint8Array(),
        ),
        bytes => {
          for (const options of [TEXT, OPENMETRICS]) expect(read(bytes, options)).toBeInstanceOf(Array)
          try {
            readSeries(bytes, 0, bytes.length, { maxLabels: 5 })
          } catch (error) {
            expect((error as Error).name).toBe('ExpositionError')
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

const openMetrics = `# HELP foo A \\"counter\\".
# TYPE foo counter
# UNIT foo seconds
foo_total{a="b # c"} 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.123456789
foo_created{a="b # c"} 1.520430000123e+09
# TYPE bar histogram
bar_bucket{le="+Inf"} 1 # {} 1.5
# EOF
`

describe('OpenMetrics', () => {
  test('has units, seconds and exemplars', () => {
    expect(read(openMetrics, OPENMETRICS)).toEqual([
      'help foo "A \\"counter\\"."',
      'type foo counter',
      'unit foo seconds',
      '4: foo_total{a="b # c"} 17 @1520879607789 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.123456789',
      '5: foo_created{a="b # c"} 1520430000.123',
      'type bar histogram',
      '7: bar_bucket{le="+Inf"} 1 # {} 1.5',
    ])
  })

  test.each([
    ['a 1\n', 1, 'the page does not end with # EOF'],
    ['# EOF\na 1\n', 2, 'text behind # EOF'],
    ['a 1\n\n# EOF\n', 2, 'an empty line'],
    ['# a comment\n# EOF\n', 1, 'a comment of no known kind'],
    ['a  1\n# EOF\n', 1, 'expected one space and something behind it'],
    ['a 1 \n# EOF\n', 1, 'expected one space and something behind it'],
    ['a 1 # {a="b"}\n# EOF\n', 1, 'expected one space and something behind it'],
    ['a 1 # {a="b"} 1 2 3\n# EOF\n', 1, 'text behind the exemplar'],
    ['a 1 2 3\n# EOF\n', 1, 'text behind the timestamp'],
    ['# TYPE a untyped\n# EOF\n', 1, 'no such type: "untyped"'],
  ])('%j is refused', (text, line, message) => {
    expect(read(text, OPENMETRICS)).toContain(`error in line ${line}: ${message}`)
  })
})

describe('the text of a series', () => {
  const parse = (text: string, maxLabels = 10) => {
    const bytes = Buffer.from(text)
    return readSeries(bytes, 0, bytes.length, { maxLabels })
  }
  test.each([
    ['a', 'a', []],
    ['a:b{}', 'a:b', []],
    [
      'a{b="c",d="e"}',
      'a',
      [
        ['b', 'c'],
        ['d', 'e'],
      ],
    ],
    ['a{b="\\\\ \\n \\" \\x é"}', 'a', [['b', '\\ \n " \\x é']]],
    ['{"a.b"}', 'a.b', []],
    [
      '{"a b", "c.d"="e",f="g",}',
      'a b',
      [
        ['c.d', 'e'],
        ['f', 'g'],
      ],
    ],
    ['a{__proto__="x"}', 'a', [['__proto__', 'x']]],
  ])('%s', (text, name, labels) => {
    expect(parse(text)).toEqual({ name, labels })
  })

  test.each([
    ['{}', 'no metric name'],
    ['a{"b"}', 'two metric names'],
    ['{a="b","c"}', 'a name among labels'],
    ['a{b="c",b="d"}', 'a label twice'],
    ['a{="c"}', 'a label without a name'],
    ['a{b=c}', 'a quote is missing'],
    ['a{b="c"d="e"}', 'expected }'],
    ['a{1b="c"}', 'a name that begins with a digit'],
    ['9a', 'a name that begins with a digit'],
    ['a{b:c="d"}', 'expected ='],
  ])('%s is refused', (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })

  test('has a limit of labels', () => {
    expect(parse('a{b="1",c="2"}', 2).labels).toHaveLength(2)
    expect(() => parse('a{b="1",c="2",d="3"}', 2)).toThrow('more than 2 labels')
  })
})

test('a whole page is read as objects, and its first error is thrown', () => {
  const { families, samples } = readPage(Buffer.from(openMetrics), 'openmetrics')
  expect(families.get('foo')).toEqual({ type: 'counter', help: 'A "counter".', unit: 'seconds', metrics: [] })
  expect(samples[0]).toEqual({
    name: 'foo_total',
    labels: { a: 'b # c' },
    value: 17,
    timeMs: 1520879607789,
    exemplar: { labels: { trace_id: 'KOO5S4vxi0o' }, value: 0.67, seconds: '1520879607.123456789' },
  })
  expect(() => readPage(Buffer.from('a{b="c",b="d"} 1\n'), 'text')).toThrow('line 1: a label twice')
})
