# python3 send.py <signal> <transport> <port> <count> <none|gzip>: sends items by the OpenTelemetry SDK for Python, every kind of field set.
import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

signal, transport, port, count, compression = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]
if transport == "grpc":
    from grpc import Compression
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    options = {"endpoint": f"127.0.0.1:{port}", "insecure": True}
    options["compression"] = Compression.Gzip if compression == "gzip" else Compression.NoCompression
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    options = {"endpoint": f"http://127.0.0.1:{port}/v1/{signal}"}
    options["compression"] = Compression.Gzip if compression == "gzip" else Compression.NoCompression

resource = Resource({"service.name": "shop", "process.pid": 17, "tags": ["a", "b"]}, "https://opentelemetry.io/schemas/1.30.0")
scope = {"version": "1.2.3", "schema_url": "https://opentelemetry.io/schemas/1.30.0", "attributes": {"library": True}}
START = 1_750_000_000_000_000_000


def attributes(i):
    return {
        "text": f"värde {i} 📈",
        "whole": i - 500,
        "large": 2**62 + i,
        "real": i / 7,
        "yes": i % 2 == 0,
        "texts": ["x", f"y{i}"],
        "numbers": [i, -i],
        "reals": [0.5, i / 3],
        "empty": "",
    }


def context(i):
    state = TraceState([("vendor", str(i)), ("other", "1")])
    return SpanContext(i + 1, i + 1, True, TraceFlags(1), state)


def send_traces():
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    limits = SpanLimits(max_span_attributes=9)
    provider = TracerProvider(resource=resource, span_limits=limits)
    processor = BatchSpanProcessor(OTLPSpanExporter(**options), max_queue_size=count, max_export_batch_size=128)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("checkout", scope["version"], schema_url=scope["schema_url"], attributes=scope["attributes"])
    kinds = list(SpanKind)
    for i in range(count):
        parent = trace.set_span_in_context(NonRecordingSpan(context(i)))
        links = [Link(context(i + 1000), {"why": f"link {i}"})]
        span = tracer.start_span(f"GET /items/{i}", parent, kinds[i % 5], attributes(i), links, START + i)
        span.set_attribute("one.too.many", True)
        span.add_event("cache miss", {"key": f"k{i}", "tries": i}, START + i + 7)
        span.set_status(Status(StatusCode.ERROR, f"broken {i}") if i % 3 == 0 else Status(StatusCode.OK))
        span.end(START + i + 1_000_000_001)
    provider.force_flush()
    provider.shutdown()


def send_logs():
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider = LoggerProvider(resource=resource)
    processor = BatchLogRecordProcessor(OTLPLogExporter(**options), max_queue_size=count, max_export_batch_size=128)
    provider.add_log_record_processor(processor)
    logger = provider.get_logger("checkout", **scope)
    severities = list(SeverityNumber)
    bodies = [lambda i: f"line {i}", lambda i: i, lambda i: i / 3, lambda i: True, lambda i: ["a", i]]
    bodies += [lambda i: {"nested": {"deep": [i, {"x": "y"}]}}, lambda i: bytes([1, 2, i % 256])]
    for i in range(count):
        logger.emit(
            LogRecord(
                timestamp=START + i,
                observed_timestamp=START + i + 5,
                context=trace.set_span_in_context(NonRecordingSpan(context(i))),
                severity_number=severities[1 + i % (len(severities) - 1)],
                severity_text=f"LEVEL{i % 24}",
                body=bodies[i % len(bodies)](i),
                attributes={**attributes(i), "tree": {"a": {"b": [1, 2]}}},
                event_name=f"event.{i % 10}",
            )
        )
    provider.force_flush()
    provider.shutdown()


def send_metrics():
    from opentelemetry.metrics import Observation
    from opentelemetry.sdk.metrics import AlwaysOnExemplarFilter, Histogram, MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View

    points = count // 5
    exporter = OTLPMetricExporter(**options)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    fine = View(instrument_type=Histogram, instrument_name="latency.exponential", aggregation=ExponentialBucketHistogramAggregation())
    provider = MeterProvider([reader], resource, AlwaysOnExemplarFilter(), views=[fine])
    meter = provider.get_meter("checkout", **scope)
    requests = meter.create_counter("requests", "{request}", "requests served")
    connections = meter.create_up_down_counter("connections.open", "{connection}")
    latency = meter.create_histogram("latency", "s", explicit_bucket_boundaries_advisory=[0.1, 1, 10])
    exponential = meter.create_histogram("latency.exponential", "s")
    observe = lambda _: [Observation(i / 3 - 20, attributes(i)) for i in range(points)]
    meter.create_observable_gauge("temperature", [observe], "Cel")
    for i in range(points):
        labels = attributes(i)
        parent = trace.set_span_in_context(NonRecordingSpan(context(i)))
        requests.add(i + 1, labels, parent)
        connections.add(-i if i % 2 else i + 0.5, labels, parent)
        for value in (0.05, 0.5, 5, i):
            latency.record(value, labels, parent)
            exponential.record(value, labels, parent)
    provider.shutdown()


{"traces": send_traces, "logs": send_logs, "metrics": send_metrics}[signal]()
