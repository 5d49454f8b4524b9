import { describe, expect, test } from 'vitest'
import { loadComponents } from '../src/components.ts'
import { testConnector, testExporter, testExtension, testProcessor, testReceiver } from './support/components.ts'
import { componentContract } from './support/contract.ts'
import { readmeExample } from './support/readme_example.ts'

const components = await loadComponents()

for (const kind of Object.values(components))
  for (const definition of kind.values()) componentContract(definition, readmeExample(definition))

describe('the contract itself holds for the components of the tests', () => {
  componentContract(
    testReceiver([], next => ({ collect: async () => next.logs?.consume({} as never) })),
    {},
  )
  componentContract(testProcessor([]), {})
  componentContract(testExporter({}), {})
  componentContract(testConnector(), {})
  componentContract(testExtension([]), {})
})

test('every component is registered under its own type once', () => {
  for (const [kind, definitions] of Object.entries(components))
    for (const [type, definition] of definitions) {
      expect([definition.kind, definition.type]).toEqual([kind, type])
      expect(type).toMatch(/^[a-z][a-z0-9_]*$/)
    }
})
