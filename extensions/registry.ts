import type { ExtensionDefinition, Registry } from '../src/component/define.ts'

/** Every extension, one line each: its type, and where its code is loaded from when a config needs it. */
export const extensions: Registry<ExtensionDefinition> = {
  basic_auth: async () => (await import('./basic_auth/extension.ts')).basicAuth,
  bearer_token_auth: async () => (await import('./bearer_token_auth/extension.ts')).bearerTokenAuth,
  health_check: async () => (await import('./health_check/extension.ts')).healthCheck,
}
