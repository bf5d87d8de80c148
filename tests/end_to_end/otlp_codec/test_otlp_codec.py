"""Our OTLP codec against Google's: random messages of all signals go through build/*/otlp_roundtrip.

Needs `pip install opentelemetry-proto pytest`. The tool is found in build/release or build/debug, or
named by OTLP_ROUNDTRIP. A failure prints its seed; RANKWIRE_SEED replays it.
"""

import base64
import json
import os
import pathlib
import random
import struct
import subprocess

import pytest

pytest.importorskip("opentelemetry.proto", reason="pip install opentelemetry-proto")

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

ROOT = pathlib.Path(__file__).resolve().parents[3]
REQUESTS = [ExportLogsServiceRequest, ExportMetricsServiceRequest, ExportTraceServiceRequest]
PROTOBUF, TO_JSON, FROM_JSON, JSON, SPLIT, WIRE_JSON = range(6)
IDS = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
# Of profiles only: indexes into a table that these requests do not have.
NOT_OURS = {"string_value_strindex", "key_strindex"}
SEED = int(os.environ.get("RANKWIRE_SEED", "1"))
ROUNDS = int(os.environ.get("RANKWIRE_ROUNDS", "400"))


def tool_path():
    if "OTLP_ROUNDTRIP" in os.environ:
        return pathlib.Path(os.environ["OTLP_ROUNDTRIP"])
    found = [p for p in (ROOT / "build" / d / "otlp_roundtrip" for d in ("release", "debug", "asan")) if p.exists()]
    return found[0] if found else None


class Tool:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, signal, conversion, data):
        self.process.stdin.write(struct.pack(">BBI", signal, conversion, len(data)) + data)
        self.process.stdin.flush()
        status, records, size = struct.unpack(">BQI", self.process.stdout.read(13))
        output = self.process.stdout.read(size)
        return status == 0, records, output

    def ok(self, signal, conversion, data):
        success, records, output = self(signal, conversion, data)
        assert success, output
        return records, output


@pytest.fixture(scope="module")
def tool():
    path = tool_path()
    if path is None:
        pytest.fail("no otlp_roundtrip; build it: ./dev build release")
    instance = Tool(path)
    yield instance
    instance.process.stdin.close()
    assert instance.process.wait(10) == 0


TEXTS = [
    "",
    "a",
    "loss=2.31",
    "späte Störung",
    "数据加载器",
    "🙂",
    'quote " and \\ and \n and \x01',
    "x" * 130,
    "y" * 20000,
]


def random_scalar(rng, field):
    kind = field.type
    if kind == FieldDescriptor.TYPE_STRING:
        return rng.choice(TEXTS) if rng.random() < 0.97 else rng.choice(TEXTS) * 20
    if kind == FieldDescriptor.TYPE_BYTES:
        size = IDS.get(field.name, rng.randrange(0, 40))
        return rng.randbytes(size) if rng.random() < 0.8 else b""
    if kind == FieldDescriptor.TYPE_BOOL:
        return rng.random() < 0.5
    if kind == FieldDescriptor.TYPE_DOUBLE:
        return rng.choice(
            [
                0.0,
                -0.0,
                1.5,
                -1e300,
                5e-324,
                12345678901234567890.0,
                123456789012345678901.0,
                1e15,
                float("inf"),
                float("-inf"),
                rng.random(),
                float(rng.randrange(10**6)),
            ]
        )
    if kind == FieldDescriptor.TYPE_ENUM:
        return rng.choice([v.number for v in field.enum_type.values])
    bits = {
        FieldDescriptor.TYPE_UINT32: (0, 2**32),
        FieldDescriptor.TYPE_FIXED32: (0, 2**32),
        FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31),
        FieldDescriptor.TYPE_INT32: (-(2**31), 2**31),
        FieldDescriptor.TYPE_INT64: (-(2**63), 2**63),
        FieldDescriptor.TYPE_SFIXED64: (-(2**63), 2**63),
        FieldDescriptor.TYPE_UINT64: (0, 2**64),
        FieldDescriptor.TYPE_FIXED64: (0, 2**64),
    }[kind]
    return rng.choice([bits[0], bits[1] - 1, 0, 1, 127, 128, rng.randrange(*bits), rng.randrange(0, 2**20)])


def fill(rng, message, depth=0):
    """Random values in random fields, of every field that a message has."""
    chosen = {}
    for field in message.DESCRIPTOR.fields:
        if field.name in NOT_OURS or rng.random() < 0.3:
            continue
        if field.containing_oneof is not None:  # One of a oneof, picked evenly.
            chosen.setdefault(field.containing_oneof.name, []).append(field)
        else:
            fill_field(rng, message, field, depth)
    for fields in chosen.values():
        fill_field(rng, message, rng.choice(fields), depth)


def fill_field(rng, message, field, depth):
    if field.type != FieldDescriptor.TYPE_MESSAGE:
        if field.is_repeated:
            getattr(message, field.name).extend(random_scalar(rng, field) for _ in range(rng.randrange(4)))
        else:
            setattr(message, field.name, random_scalar(rng, field))
        return
    if depth > 14:
        return
    if field.is_repeated:
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            fill(rng, getattr(message, field.name).add(), depth + 1)
    else:
        child = getattr(message, field.name)
        child.SetInParent()
        fill(rng, child, depth + 1)


def normalised(message):
    """Without the differences that mean nothing: sub-messages that are present but empty, unset ids."""
    copy = type(message)()
    copy.CopyFrom(message)
    copy.DiscardUnknownFields()
    strip(copy)
    return copy


def strip(message):
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            if field.name in IDS and not any(value):
                message.ClearField(field.name)
            continue
        for child in value if field.is_repeated else [value]:
            strip(child)
        in_oneof = field.containing_oneof is not None
        if not field.is_repeated and not in_oneof and value.ByteSize() == 0:
            message.ClearField(field.name)


def otlp_json(message):
    """json_format's dictionary with ids in hex, as OTLP wants them."""

    def walk(node):
        if isinstance(node, dict):
            return {
                k: base64.b64decode(v).hex() if k in ("traceId", "spanId", "parentSpanId") else walk(v)
                for k, v in node.items()
            }
        return [walk(each) for each in node] if isinstance(node, list) else node

    return walk(json_format.MessageToDict(message, use_integers_for_enums=True))


def from_otlp_json(text, request):
    def walk(node):
        if isinstance(node, dict):
            return {
                k: (
                    base64.b64encode(bytes.fromhex(v)).decode()
                    if k in ("traceId", "spanId", "parentSpanId")
                    else walk(v)
                )
                for k, v in node.items()
            }
        return [walk(each) for each in node] if isinstance(node, list) else node

    return json_format.ParseDict(walk(json.loads(text)), request(), max_recursion_depth=1000)


def record_count(signal, message):
    count = 0
    for resource in getattr(message, ("resource_logs", "resource_metrics", "resource_spans")[signal]):
        for scope in getattr(resource, ("scope_logs", "scope_metrics", "scope_spans")[signal]):
            if signal == 1:
                for metric in scope.metrics:
                    kind = metric.WhichOneof("data")
                    count += len(getattr(metric, kind).data_points) if kind else 0
            else:
                count += len(scope.log_records if signal == 0 else scope.spans)
    return count


def random_messages(signal, rounds):
    for round_number in range(rounds):
        seed = SEED * 1_000_003 + round_number * 3 + signal
        rng = random.Random(seed)
        message = REQUESTS[signal]()
        fill(rng, message)
        yield seed, rng, message


SIGNALS = pytest.mark.parametrize("signal", [0, 1, 2], ids=["logs", "metrics", "traces"])


@SIGNALS
def test_protobuf_survives_decoding_and_encoding(tool, signal):
    for seed, _, message in random_messages(signal, ROUNDS):
        records, output = tool.ok(signal, PROTOBUF, message.SerializeToString())
        assert normalised(REQUESTS[signal].FromString(output)) == normalised(message), f"seed {seed}"
        assert records == record_count(signal, message), f"seed {seed}"


@SIGNALS
def test_our_json_is_what_google_parses(tool, signal):
    for seed, _, message in random_messages(signal, ROUNDS):
        for conversion in (TO_JSON, WIRE_JSON):
            _, output = tool.ok(signal, conversion, message.SerializeToString())
            assert normalised(from_otlp_json(output, REQUESTS[signal])) == normalised(message), f"seed {seed}"


@SIGNALS
def test_googles_json_is_what_we_parse(tool, signal):
    for seed, _, message in random_messages(signal, ROUNDS):
        text = json.dumps(otlp_json(message)).encode()
        _, output = tool.ok(signal, FROM_JSON, text)
        assert normalised(REQUESTS[signal].FromString(output)) == normalised(message), f"seed {seed}"
        _, again = tool.ok(signal, JSON, text)
        assert normalised(from_otlp_json(again, REQUESTS[signal])) == normalised(message), f"seed {seed}"


def test_json_takes_original_field_names_and_names_of_enumerations(tool):
    for seed, _, message in random_messages(2, 50):
        tree = json_format.MessageToDict(message, preserving_proto_field_name=True)
        for resource in tree.get("resource_spans", []):
            for scope in resource.get("scope_spans", []):
                for span in scope.get("spans", []):
                    for node in [span, *span.get("links", [])]:
                        for key in IDS.keys() & node.keys():
                            node[key] = base64.b64decode(node[key]).hex().upper()
        text = json.dumps(tree).encode()
        _, output = tool.ok(2, FROM_JSON, text)
        assert normalised(REQUESTS[2].FromString(output)) == normalised(message), f"seed {seed}"


@SIGNALS
def test_split_keeps_every_record_in_order(tool, signal):
    for seed, _, message in random_messages(signal, ROUNDS):
        records, output = tool.ok(signal, SPLIT, message.SerializeToString())
        assert records == record_count(signal, message), f"seed {seed}"
        parts = REQUESTS[signal].FromString(output)
        assert leaves(signal, parts) == leaves(signal, message), f"seed {seed}"


def leaves(signal, message):
    """Each record with all that describes the groups around it."""
    result = []
    for resource in getattr(message, ("resource_logs", "resource_metrics", "resource_spans")[signal]):
        scopes = getattr(resource, ("scope_logs", "scope_metrics", "scope_spans")[signal])
        for scope in scopes:
            around = (
                resource.resource.SerializeToString(deterministic=True),
                resource.schema_url,
                scope.scope.SerializeToString(deterministic=True),
                scope.schema_url,
            )
            for record in getattr(scope, ("log_records", "metrics", "spans")[signal]):
                if signal != 1:
                    result.append((around, record.SerializeToString(deterministic=True)))
                    continue
                kind = record.WhichOneof("data")
                for point in getattr(record, kind).data_points if kind else []:
                    bare = type(record)()
                    bare.CopyFrom(record)
                    del getattr(bare, kind).data_points[:]
                    result.append(
                        (
                            around,
                            bare.SerializeToString(deterministic=True),
                            point.SerializeToString(deterministic=True),
                        )
                    )
    return result


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def unknown_field(rng):
    number = rng.choice([77, 500, 2**28])
    kind = rng.randrange(5)
    tag = varint(number << 3 | (0, 1, 2, 5, 3)[kind])
    if kind == 0:
        return tag + varint(rng.randrange(2**63))
    if kind == 1:
        return tag + rng.randbytes(8)
    if kind == 2:
        return tag + varint(5) + rng.randbytes(5)
    if kind == 3:
        return tag + rng.randbytes(4)
    return tag + varint(3 << 3) + varint(9) + varint(number << 3 | 4)


def with_unknown_fields(rng, message):
    """The message's bytes with unknown fields before and behind every sub-message's own."""
    out = b""
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            alone = type(message)()
            if field.is_repeated:
                getattr(alone, field.name).extend(value)
            else:
                setattr(alone, field.name, value)
            out += alone.SerializeToString()
            continue
        for child in value if field.is_repeated else [value]:
            inner = with_unknown_fields(rng, child)
            out += varint(field.number << 3 | 2) + varint(len(inner)) + inner
        if rng.random() < 0.5:
            out += unknown_field(rng)
    return unknown_field(rng) + out if rng.random() < 0.3 else out


@SIGNALS
def test_unknown_fields_are_skipped(tool, signal):
    for seed, rng, message in random_messages(signal, ROUNDS // 2):
        data = with_unknown_fields(rng, message)
        assert normalised(REQUESTS[signal].FromString(data)) == normalised(message), f"seed {seed}: bad test"
        records, output = tool.ok(signal, PROTOBUF, data)
        assert normalised(REQUESTS[signal].FromString(output)) == normalised(message), f"seed {seed}"
        assert records == record_count(signal, message)


@SIGNALS
def test_damaged_requests_never_stop_the_codec_and_counting_agrees_with_decoding(tool, signal):
    for seed, rng, message in random_messages(signal, ROUNDS):
        data = bytearray(message.SerializeToString())
        if not data:
            continue
        if rng.random() < 0.5:
            data = data[: rng.randrange(len(data))]
        else:
            for _ in range(rng.randrange(1, 5)):
                data[rng.randrange(len(data))] = rng.randrange(256)
        success, _, output = tool(signal, PROTOBUF, bytes(data))
        assert success or output.startswith(b"not a valid OTLP request"), f"seed {seed}: {output}"
        if success:
            REQUESTS[signal].FromString(output)  # What we write is always valid.


@SIGNALS
def test_empty_messages(tool, signal):
    assert tool.ok(signal, PROTOBUF, b"") == (0, b"")
    message = REQUESTS[signal]()
    group = getattr(message, ("resource_logs", "resource_metrics", "resource_spans")[signal])
    group.add()
    getattr(group.add(), ("scope_logs", "scope_metrics", "scope_spans")[signal]).add()
    _, output = tool.ok(signal, PROTOBUF, message.SerializeToString())
    assert REQUESTS[signal].FromString(output) == message
    assert tool.ok(signal, FROM_JSON, b"{}") == (0, b"")
    assert tool(signal, FROM_JSON, b"null")[0] is False


def nested(depth):
    value = AnyValue(int_value=1)
    for _ in range(depth):
        outer = AnyValue()
        outer.array_value.values.add().CopyFrom(value)
        value = outer
    message = ExportLogsServiceRequest()
    message.resource_logs.add().scope_logs.add().log_records.add().body.CopyFrom(value)
    return message


def test_values_nested_as_deep_as_google_parses_survive_and_deeper_ones_are_refused(tool):
    message = nested(30)
    _, output = tool.ok(0, PROTOBUF, message.SerializeToString())
    assert ExportLogsServiceRequest.FromString(output) == message
    _, text = tool.ok(0, TO_JSON, message.SerializeToString())
    assert normalised(from_otlp_json(text, ExportLogsServiceRequest)) == normalised(message)
    inner = varint(3 << 3) + varint(1)
    for _ in range(5000):
        inner = b"\x0a" + varint(len(inner)) + inner
        inner = b"\x2a" + varint(len(inner)) + inner
    for number in (5, 2, 2, 1):
        inner = varint(number << 3 | 2) + varint(len(inner)) + inner
    success, _, output = tool(0, PROTOBUF, inner)
    assert not success and b"nested too deeply" in output
    body = '{"arrayValue":{"values":[' * 70 + "{}" + "]}}" * 70
    request = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":%s}]}]}]}' % body
    success, _, output = tool(0, FROM_JSON, request.encode())
    assert not success and b"nested too deeply" in output


@pytest.mark.parametrize("bad", [b"\xff", b"ok \xc3( ok", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"cut \xe2\x82"])
def test_invalid_utf8_is_repaired_as_python_repairs_it_or_longer(tool, bad):
    body = b"\x0a" + varint(len(bad)) + bad
    for number in (5, 2, 2, 1):
        body = varint(number << 3 | 2) + varint(len(body)) + body
    with pytest.raises(Exception):
        ExportLogsServiceRequest.FromString(body)
    for conversion in (PROTOBUF, TO_JSON):
        _, output = tool.ok(0, conversion, body)
        message = (
            ExportLogsServiceRequest.FromString(output)
            if conversion == PROTOBUF
            else from_otlp_json(output, ExportLogsServiceRequest)
        )
        text = message.resource_logs[0].scope_logs[0].log_records[0].body.string_value
        assert "\ufffd" in text
        assert text.replace("\ufffd", "") == bad.decode("utf-8", "ignore")
