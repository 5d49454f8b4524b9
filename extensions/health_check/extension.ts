import { z } from 'zod'
import { defineExtension } from '../../src/component/define.ts'
import type { Borrowed, HttpHandler } from '../../src/component/types.ts'
import { duration, endpoint, tlsServer } from '../../src/config/fields.ts'
import { listen } from '../../src/net/listen.ts'
import { answerServerStatus, isAvailable } from '../../src/self/server_status.ts'

const config = z.strictObject({
  endpoint: endpoint().default('localhost:13133').describe('Address to answer at.'),
  path: z
    .string()
    .regex(/^\//, 'a path begins with /')
    .default('/')
    .describe('Path to answer at; one that ends in `/` also answers for everything below it.'),
  response_body: z
    .strictObject({
      healthy: z.string().default('').describe('Body while the agent is available.'),
      unhealthy: z.string().default('').describe('Body while it is not.'),
    })
    .optional()
    .describe('Texts to answer with in place of the JSON body.'),
  tls: tlsServer().optional().describe('Answer by HTTPS.'),
  check_collector_pipeline: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Has no effect.'),
      interval: duration().default(300_000).describe('Has no effect.'),
      exporter_failure_threshold: z.int().default(5).describe('Has no effect.'),
    })
    .optional()
    .describe('Accepted and without effect: what exporters report is always part of the health.'),
})

/** Says over HTTP whether the agent is available, with the Collector's settings and answers. */
export const healthCheck = defineExtension({
  type: 'health_check',
  stability: 'beta',
  config,
  listens: ({ endpoint, path }) => [{ key: 'endpoint', endpoint, paths: [path] }],
  create({ endpoint, path, tls, response_body: bodies }, settings) {
    const { id, health, clock } = settings
    const answer: HttpHandler = (_, response) => {
      const body = isAvailable(health) ? bodies?.healthy : bodies?.unhealthy
      if (!body) return answerServerStatus(response, health, clock.nowMs())
      response.writeHead(isAvailable(health) ? 200 : 503, { 'Content-Type': 'text/plain; charset=utf-8' })
      response.end(body)
    }
    let opening: Promise<Borrowed> | undefined
    return {
      async start() {
        opening = listen(settings, { configKey: `extensions.${id}`, endpoint, tls }, { [path]: answer })
        await opening
      },
      async shutdown() {
        const borrowed = await opening?.catch(() => undefined)
        await borrowed?.release()
      },
    }
  },
})
