"""Pages of metrics scraped and sent on: what one scrape costs the whole agent, and what it remembers of a series.

The pages change all their values from scrape to scrape, and no series.
"""

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import Agent, Sink, free_port, metrics, total

CONFIG = """
receivers:
  prometheus:
    config:
      scrape_configs:
        - job_name: page
          scrape_interval: {interval}
          scrape_timeout: {interval}
          static_configs: [{{targets: ['127.0.0.1:{page}']}}]
          {rules}
exporters:
  otlp_http: {{endpoint: '{url}'}}
service:
  pipelines: {{metrics: {{receivers: [prometheus], exporters: [otlp_http]}}}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""


def gpu_page():
    """As DCGM exporter shows a node: 40 metrics of 8 GPUs."""
    rows = []
    for field in range(40):
        name = f"DCGM_FI_DEV_FIELD_{field}"
        rows.append(f"# HELP {name} Something of a GPU.\n# TYPE {name} gauge\n")
        for gpu in range(8):
            rows.append(
                f'{name}{{gpu="{gpu}",UUID="GPU-{gpu:08x}-1234-5678-9abc-def012345678",'
                f'pci_bus_id="00000000:{gpu:02X}:00.0",device="nvidia{gpu}",modelName="NVIDIA H100 80GB HBM3",'
                f'Hostname="ip-10-0-12-34.eu-central-1.compute.internal",DCGM_FI_DRIVER_VERSION="535.161.08",'
                f'container="trainer",namespace="ml",pod="llm-worker-{gpu}"}} %VALUE%\n'
            )
    return "".join(rows)


def large_page():
    """100,000 series under 200 names."""
    rows = []
    for metric in range(200):
        rows.append(f"# TYPE big_metric_{metric} gauge\n")
        for series in range(500):
            rows.append(
                f'big_metric_{metric}{{series="{series}",zone="eu-central-1a",'
                f'host="ip-10-0-{series % 256}-{metric}.compute.internal",kind="k{series % 7}"}} %VALUE%\n'
            )
    return "".join(rows)


class PageServer:
    def __init__(self, page):
        self.scrapes = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.scrapes += 1
                body = page.replace("%VALUE%", str(outer.scrapes)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except ConnectionError:
                    pass  # The agent stops in the middle of a page.

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def cpu_of(agent):
    with open(f"/proc/{agent.process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def scrape(page, keep, interval, seconds):
    """(milliseconds of CPU a scrape, peak MB, remembered bytes a series)."""
    rules = f"metric_relabel_configs: [{{source_labels: [__name__], regex: '{keep}', action: keep}}]" if keep else ""
    server, sink, port = PageServer(page), Sink(scan=False), free_port()
    config = CONFIG.format(interval=interval, page=server.port, rules=rules, url=sink.url, metrics=port)
    agent = Agent(config)
    try:
        agent.start().wait_ready(port)
        # The first page, of which every series is new, is not what is measured.
        time.sleep(seconds / 2)
        cpu, scrapes = cpu_of(agent), server.scrapes
        time.sleep(seconds)
        cost = (cpu_of(agent) - cpu) / max(server.scrapes - scrapes, 1)
        figures = metrics(port)
        series = total(figures, "rankwire_prometheus_series")
        kept = total(figures, "rankwire_prometheus_series_bytes") / max(series, 1)
        return cost * 1000, agent.peak_rss_mb(), kept
    finally:
        agent.clean()
        sink.kill()
        server.close()


def main(table):
    small, large = gpu_page(), large_page()
    wanted = {"gpu": ("0.4", "5.1", "90"), "ten": ("12", "100", "158"), "all": ("60", "517", "316 to 351")}
    rows = []
    for name, key, page, keep, interval, seconds in [
        ("a GPU node's page, 320 series", "gpu", small, "", "20ms", 10),
        (f"100,000 series, {len(large) / 1e6:.1f} MB, ten names kept", "ten", large, "big_metric_[0-9]", "500ms", 12),
        ("the same, all kept", "all", large, "", "1s", 20),
    ]:
        cost, peak, kept = scrape(page, keep, interval, seconds)
        rows.append([name, f"{cost:.2f}", *wanted[key][:2], f"{peak:.1f}", wanted[key][2], f"{kept:.0f}"])
    header = ["", "ms a scrape", "wanted", "Collector*", "peak MB", "Collector*", "bytes a series"]
    table("Scraping (* measured earlier, 0.149 on the same kind of machine)", header, rows)
