"""What ran, and was written down: log lines, traces, visits of the canary, files that Airflow collected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..emulator.synthetics import record_run
from ..scenario import STAMP, Past, parse_duration, seeds


@seeds("logs")
def write_log_lines(section: Mapping[str, Any], past: Past) -> None:
    """Let every log group have received a line now and then."""
    line = json.dumps({"level": "INFO", "message": section["line"], "by": STAMP})
    every = parse_duration(section["every"])
    times = [past.ago(section["last"]) - number * every for number in reversed(range(section["lines"]))]
    for group in past.resources_of("aws_cloudwatch_log_group").values():
        region, name = group["arn"].split(":")[3], group["name"]
        past.ask("logs", "CreateLogStream", region, logGroupName=name, logStreamName=STAMP)
        events = [{"timestamp": int(time.timestamp() * 1000), "message": line} for time in times]
        past.ask("logs", "PutLogEvents", region, logGroupName=name, logStreamName=STAMP, logEvents=events)


@seeds("traces")
def put_traces(section: Mapping[str, Any], past: Past) -> None:
    """Let each service have answered a request that was traced."""
    for number, (name, last) in enumerate(section["services"].items()):
        ended = past.ago(last).timestamp()
        segment = {
            "name": name,
            "id": f"{number + 1:016x}",
            "trace_id": f"1-{int(ended):08x}-{number + 1:024x}",
            "start_time": ended - parse_duration(section["took"]).total_seconds(),
            "end_time": ended,
            "origin": "AWS::ECS::Fargate",
            "annotations": {"by": STAMP},
        }
        past.ask("xray", "PutTraceSegments", TraceSegmentDocuments=[json.dumps(segment)])


@seeds("canaries")
def record_canary_runs(section: Mapping[str, Any], past: Past) -> None:
    """Let every canary that was started have passed at regular times."""
    every = parse_duration(section["every"])
    for canary in past.resources_of("aws_synthetics_canary").values():
        for number in range(section["runs"]):
            record_run(past.ledger("synthetics"), canary["name"], past.ago(section["last"]) - number * every)


@seeds("collected")
def put_collected_files(section: Mapping[str, Any], past: Past) -> None:
    """Let each source have left a file for each of its last slots, in the folder of the hour."""
    every = parse_duration(section["every"])
    for source in section["sources"]:
        for number in range(section["slots"]):
            written = past.ago(section["last"]) - number * every
            key = f"{source}/{written:%Y/%m/%d/%H}/articles.json"
            past.ask("s3", "PutObject", Bucket=section["bucket"], Key=key, Body=f'{{"by": "{STAMP}"}}'.encode())
            held = past.ledger("s3").backend.get_object(section["bucket"], key)
            held.last_modified = written.replace(tzinfo=None)  # moto counts in UTC and does not say so
