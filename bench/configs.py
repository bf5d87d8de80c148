"""The configurations that are measured, as text with the ports and folders filled in."""


def log_path(logs, destination, *, compression="none", storage=None, metrics_port=None, start="beginning", extra=""):
    """Issue workload: container parser, one mask, three attributes, OTLP over HTTP."""
    extension = (
        f"""
extensions:
  file_storage:
    directory: {storage}
    create_directory: true
"""
        if storage
        else ""
    )
    telemetry = (
        f"""
  telemetry:
    metrics:
      readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics_port}}}}}}}}}]
"""
        if metrics_port
        else """
  telemetry: {metrics: {level: none}}
"""
    )
    return f"""
receivers:
  file_log:
    include: [{logs}/*/*/*.log]
    start_at: {start}
    include_file_path: false
    {'storage: file_storage' if storage else ''}
    operators: [{{type: container}}]
processors:
  redaction:
    allow_all_keys: true
    blocked_values: ['customer_id=\\d+']
  resource:
    attributes:
      - {{key: job.name, value: llm-70b, action: upsert}}
      - {{key: cluster.name, value: p4d-east, action: upsert}}
      - {{key: environment, value: production, action: upsert}}
exporters:
  otlp_http:
    endpoint: {destination}
    compression: {compression}
    retry_on_failure: {{initial_interval: 100ms, max_interval: 500ms, max_elapsed_time: 0s}}
{extra}
{extension}
service:
  {'extensions: [file_storage]' if storage else ''}
  pipelines:
    logs: {{receivers: [file_log], processors: [redaction, resource], exporters: [otlp_http]}}
{telemetry}
"""


def file_to_nop(files, operators="[]", multiline=""):
    return f"""
receivers:
  file_log:
    include: [{files}]
    start_at: beginning
    {multiline}
    operators: {operators}
exporters: {{nop: }}
service:
  pipelines: {{logs: {{receivers: [file_log], exporters: [nop]}}}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: METRICS_PORT}}}}}}}}]}}}}
"""


def otlp_through(grpc_port, http_port, destination, processors="", names="[]", metrics_port=None, limit_mib=None):
    limiter = f"  memory_limiter: {{check_interval: 1s, limit_mib: {limit_mib}}}\n" if limit_mib else ""
    listed = ("[memory_limiter, " + names.strip("[]") + "]").replace(", ]", "]") if limit_mib else names
    reader = f"{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics_port}}}}}}}}}"
    telemetry = f"{{metrics: {{readers: [{reader}]}}}}" if metrics_port else "{metrics: {level: none}}"
    section = f"processors:\n{limiter}{processors}\n" if limiter or processors else ""
    return f"""
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: 127.0.0.1:{grpc_port}}}
      http: {{endpoint: 127.0.0.1:{http_port}}}
{section}
exporters:
  otlp_http: {{endpoint: {destination}, compression: none}}
service:
  pipelines:
    logs: {{receivers: [otlp], processors: {listed}, exporters: [otlp_http]}}
    metrics: {{receivers: [otlp], exporters: [otlp_http]}}
    traces: {{receivers: [otlp], exporters: [otlp_http]}}
  telemetry: {telemetry}
"""


RENAME = """  attributes:
    actions:
      - {key: thread, from_attribute: thread.name, action: insert}
      - {key: thread.name, action: delete}
"""
MASK = """  redaction: {allow_all_keys: true, blocked_values: ['customer_id=\\d+']}
"""
