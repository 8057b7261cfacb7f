"""Tries the new version on the load balancer's test port, and tells CodeDeploy whether it may get traffic."""

import http.client
import logging
import os
import time

import boto3

ATTEMPTS = 5
PAUSE_SECONDS = 5
TIMEOUT_SECONDS = 5
LOG = logging.getLogger()


def handler(event, _context):
    """Report success when every path answers 200, failure otherwise. CodeDeploy rolls back on failure."""
    problems = [problem for path in os.environ["PATHS"].split() if (problem := try_path(os.environ["HOST"], path))]
    for problem in problems:
        LOG.error(problem)
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Failed" if problems else "Succeeded",
    )


def try_path(host, path):
    """Return why a path does not answer, or None. The listener may need a moment to send to the new tasks."""
    problem = None
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE_SECONDS if attempt else 0)
        problem = request_page(host, path)
        if problem is None:
            return None
    return problem


def request_page(host, path):
    """Return why one request over TLS fails, or None. The certificate must be for the host."""
    connection = http.client.HTTPSConnection(host, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
        return None if status == 200 else f"{host}{path}: answered {status}"
    except (OSError, http.client.HTTPException) as error:
        return f"{host}{path}: {error}"
    finally:
        connection.close()
