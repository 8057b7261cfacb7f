"""Tries the new version on the test port of the load balancer, and tells CodeDeploy whether it may get traffic."""

import os
import time
import urllib.error
import urllib.request

import boto3

ATTEMPTS = 5
PAUSE_SECONDS = 5
TIMEOUT_SECONDS = 5


def handler(event, _context):
    """Report success when every path answers 200, failure otherwise. CodeDeploy rolls back on failure."""
    problems = [problem for path in os.environ["PATHS"].split() if (problem := tried(os.environ["BASE_URL"] + path))]
    for problem in problems:
        print(problem)
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Failed" if problems else "Succeeded",
    )


def tried(url):
    """Return why an address does not answer, or None. The listener may need a moment to send to the new tasks."""
    problem = None
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE_SECONDS if attempt else 0)
        problem = asked(url)
        if problem is None:
            return None
    return problem


def asked(url):
    """Return why one request fails, or None."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
            return None if answer.status == 200 else f"{url}: answered {answer.status}"
    except urllib.error.URLError as error:
        return f"{url}: {error.reason if hasattr(error, 'reason') else error}"
    except OSError as error:
        return f"{url}: {error}"
