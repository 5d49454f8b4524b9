import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AttributeValue, attributeText, decodeAttributes, encodeAttributes } from './attributes.ts'

const { value } = fc.letrec<{ value: AttributeValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.boolean(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.uint8Array().map(bytes => new Uint8Array(bytes)),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter(key => key !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}))

test('attributes of every type come back as they were encoded', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), value)), entries => {
      const back: [string, AttributeValue][] = []
      decodeAttributes(encodeAttributes(entries), (key, item) => back.push([key, item]))
      expect(back).toEqual(entries)
    }),
  )
})

test('a value that is no string has the text of its JSON', () => {
  expect(
    ['a', 12n, true, 1.5, null, ['x', 1n], { k: Uint8Array.of(1) }].map(item => attributeText(item as AttributeValue)),
  ).toEqual(['a', '12', 'true', '1.5', '', '["x",1]', '{"k":"AQ=="}'])
})
