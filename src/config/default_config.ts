/** What runs when no config file is given: this host, for Prometheus to scrape. OTLP joins once its receiver exists. */
export const DEFAULT_CONFIG = `# Watches this host and shows its metrics at http://127.0.0.1:9464/metrics.
receivers:
  node:

exporters:
  prometheus:
    endpoint: 127.0.0.1:9464

service:
  pipelines:
    metrics:
      receivers: [node]
      exporters: [prometheus]
`
