# Writes the FileDescriptorSet of OTLP, as PyPI's opentelemetry-proto carries it, to standard output.
import sys

from google.protobuf import descriptor_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

found = {}


def add(file):
    for dependency in file.dependencies:
        add(dependency)
    if file.name not in found:
        found[file.name] = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(found[file.name])


for module in (trace_service_pb2, metrics_service_pb2, logs_service_pb2):
    add(module.DESCRIPTOR)
sys.stdout.buffer.write(descriptor_pb2.FileDescriptorSet(file=found.values()).SerializeToString())
