import { pythonPackages } from '../python_packages.ts'

/** OpenTelemetry for Python: its SDK, its exporters, and the schema that they carry. */
const VERSION = '1.45.2'
export const opentelemetryPython = pythonPackages(
  `opentelemetry-${VERSION}`,
  ['sdk', 'proto', 'exporter-otlp-proto-http', 'exporter-otlp-proto-grpc'].map(
    name => `opentelemetry-${name}==${VERSION}`,
  ),
)
