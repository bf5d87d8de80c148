"""OTLP messages in a notation that a person can write: OTLP JSON with snake_case names, attributes as maps, ids in hex.

    [{resource: {attributes: {a: 1}}, scope_logs: [{log_records: [{body: text, severity_number: 9}]}]}]

A value is a YAML value: 1 is an integer, 1.0 a double. What YAML cannot say: {$bytes: base64}, {$double: NaN} and, for
keys that repeat, {$pairs: [[key, value]]}. Fields at their default are left out.
"""

import base64
import math

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS = {
    "logs": (ExportLogsServiceRequest, "resource_logs"),
    "metrics": (ExportMetricsServiceRequest, "resource_metrics"),
    "traces": (ExportTraceServiceRequest, "resource_spans"),
}
IDS = {"trace_id", "span_id", "parent_span_id"}
EMPTY_IS_ABSENT = {"resource", "scope", "status", "positive", "negative"}


def encode(signal, groups):
    """The bytes of an export request."""
    kind, field = REQUESTS[signal]
    request = kind()
    fill(request, {field: groups})
    return request.SerializeToString()


def decode(signal, data):
    kind, field = REQUESTS[signal]
    try:
        return message_to_plain(kind.FromString(data)).get(field, [])
    except DecodeError:
        return ["not valid protobuf"]  # The original sends text that is not UTF-8.


def is_list(field):
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == FieldDescriptor.LABEL_REPEATED


def kind_of(field):
    return field.message_type.name if field.type == FieldDescriptor.TYPE_MESSAGE else ""


def fill(message, plain):
    fields = message.DESCRIPTOR.fields_by_name
    for name, value in plain.items():
        if name not in fields:
            raise ValueError(f"{message.DESCRIPTOR.name} has no {name}; it has {', '.join(fields)}")
        field = fields[name]
        if kind_of(field) == "KeyValue":
            fill_attributes(getattr(message, name), value)
        elif kind_of(field) == "AnyValue":
            getattr(message, name).SetInParent()
            fill_value(getattr(message, name), value)
        elif field.type == FieldDescriptor.TYPE_MESSAGE and is_list(field):
            for item in value:
                fill(getattr(message, name).add(), item)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            getattr(message, name).SetInParent()
            fill(getattr(message, name), value)
        elif is_list(field):
            getattr(message, name).extend(number(field, item) for item in value)
        else:
            setattr(message, name, bytes.fromhex(value) if name in IDS else number(field, value))


def number(field, value):
    if isinstance(value, dict):
        return float(value["$double"])
    return float(value) if field.type == FieldDescriptor.TYPE_DOUBLE else value


def fill_attributes(attributes, plain):
    for key, value in plain["$pairs"] if "$pairs" in plain else plain.items():
        entry = attributes.add(key=key)
        entry.value.SetInParent()
        fill_value(entry.value, value)


def fill_value(any_value, plain):
    if isinstance(plain, bool):
        any_value.bool_value = plain
    elif isinstance(plain, int):
        any_value.int_value = plain
    elif isinstance(plain, float):
        any_value.double_value = plain
    elif isinstance(plain, str):
        any_value.string_value = plain
    elif isinstance(plain, list):
        any_value.array_value.SetInParent()
        for item in plain:
            fill_value(any_value.array_value.values.add(), item)
    elif isinstance(plain, dict) and "$bytes" in plain:
        any_value.bytes_value = base64.b64decode(plain["$bytes"])
    elif isinstance(plain, dict) and "$double" in plain:
        any_value.double_value = float(plain["$double"])
    elif isinstance(plain, dict):
        any_value.kvlist_value.SetInParent()
        fill_attributes(any_value.kvlist_value.values, plain)
    elif plain is not None:
        raise ValueError(f"no value of OTLP: {plain!r}")


def message_to_plain(message):
    plain = {field.name: field_to_plain(field, value) for field, value in message.ListFields()}
    return {name: value for name, value in plain.items() if value != {} or name not in EMPTY_IS_ABSENT}


def field_to_plain(field, value):
    if kind_of(field) == "KeyValue":
        return attributes_to_plain(value)
    if kind_of(field) == "AnyValue":
        return [value_to_plain(v) for v in value] if is_list(field) else value_to_plain(value)
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return [message_to_plain(item) for item in value] if is_list(field) else message_to_plain(value)
    if is_list(field):
        return [scalar_to_plain(item) for item in value]
    return value.hex() if field.name in IDS else scalar_to_plain(value)


def scalar_to_plain(value):
    if isinstance(value, float) and not math.isfinite(value):
        return {"$double": str(value)}
    return {"$bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def attributes_to_plain(attributes):
    pairs = [[entry.key, value_to_plain(entry.value)] for entry in attributes]
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else {"$pairs": pairs}


def value_to_plain(any_value):
    kind = any_value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [value_to_plain(item) for item in any_value.array_value.values]
    if kind == "kvlist_value":
        return attributes_to_plain(any_value.kvlist_value.values)
    return scalar_to_plain(getattr(any_value, kind))
