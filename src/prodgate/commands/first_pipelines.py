"""The first file for CI: a workflow of GitHub, or a job of GitLab where that is used; nothing for CI of other kinds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.metadata import version
from typing import Final

WORKFLOW: Final = ".github/workflows/prod-gate.yml"
JOB: Final = ".gitlab/prod-gate.yml"
#: What GitLab reads.
GITLAB: Final = ".gitlab-ci.yml"
_OF_GITHUB: Final = ".github/"
_COMMAND: Final = "pipx run --spec 'prod-gate[core]==VERSION' prodgate run rehearsal:// --only static"

_GITHUB: Final = """\
# May this change go to production, as far as its declarations say? Needs no credentials.
name: prod-gate

on:
  pull_request:
  push:
    branches: [main]

permissions: {}

jobs:
  gate:
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - uses: actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0
        id: python
        with:
          python-version: "3.13"
      - uses: actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0
        with:
          path: ~/.cache/prodgate
          key: prodgate-${{ runner.os }}-${{ runner.arch }}-${{ steps.python.outputs.python-version }}-VERSION
      - run: pipx run --spec 'prod-gate[core]==VERSION' prodgate run rehearsal:// --only static
      - if: ${{ !cancelled() }}
        run: cat runs/*/summary.md >> "$GITHUB_STEP_SUMMARY"
      - if: ${{ !cancelled() }}
        uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0
        with:
          name: prod-gate-run
          path: runs/
          if-no-files-found: error
          overwrite: true
          retention-days: 90
"""

_JOB: Final = """\
# May this change go to production, as far as its declarations say? Needs no credentials.
prod-gate:
  image: python:3.13-slim
  timeout: 15 minutes
  script:
    - pip install --quiet 'prod-gate[core]==VERSION'
    - prodgate run rehearsal:// --only static
  after_script:
    - prodgate export runs/* --format junit --output prod-gate.xml
  artifacts:
    when: always
    expire_in: 90 days
    paths:
      - runs/
    reports:
      junit: prod-gate.xml
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
"""


def write_pipeline(there: Collection[str]) -> Mapping[str, str]:
    """Return what CI is given, by path, as the files that are there tell its kind; nothing for another kind."""
    if not there or any(each.startswith(_OF_GITHUB) for each in there):
        return {WORKFLOW: _of_this_version(_GITHUB)}
    return {JOB: _of_this_version(_JOB)} if GITLAB in there else {}


def describe_rest(there: Collection[str]) -> str:
    """Return what a person has to add to CI by hand; nothing where all is written."""
    written = write_pipeline(there)
    if WORKFLOW in written:
        return ""
    if JOB in written:
        return f"add to {GITLAB}:  include: [{{ local: {JOB} }}]"
    return f"add to {', '.join(there)}:  {_of_this_version(_COMMAND)}"


def _of_this_version(text: str) -> str:
    return text.replace("VERSION", version("prod-gate"))
