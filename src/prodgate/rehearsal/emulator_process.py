"""Runs the emulator of an account as a process that never outlives this one."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from ..aws.answers import Unreadable
from ..processes.child import READY, Process, read_first_line, read_lines
from ..processes.interpreter import own_python
from ..terraform.diagnostics import refusal
from .airflow.home import Login
from .airflow.process import authorization, find_api
from .scenario import SCENARIO

#: The variable in which the provider finds where the emulator listens.
ENDPOINT: Final = "PRODGATE_EMULATOR"
#: Seconds in which the emulator must have given the account its past.
LIMIT: Final = 120.0


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    """A running emulator, by its address: ``http://127.0.0.1:PORT/TOKEN``."""

    endpoint: str

    def seed(self, region: str, resources: Mapping[str, Any], scenario: Path = SCENARIO) -> Mapping[str, str]:
        """Give the account its past; return which parts failed and why, by section of the scenario."""
        try:
            status, said = self._ask("seed", {"region": region, "resources": resources, "scenario": str(scenario)})
        except OSError as error:
            return {scenario.name: f"the emulator did not take it in: {error}"}
        failed: Mapping[str, str] = json.loads(said) if status == 200 else {scenario.name: said}
        return failed

    def connect_airflow(self, url: str, viewer: Login, admin: Login) -> None:
        """Connect every MWAA environment of the account to the Airflow at a URL.

        Raises TerraformError if there is no such Airflow, or no environment.
        """
        try:
            api = find_api(url)
            told = {"api": api, "viewer": authorization(api, viewer), "admin": authorization(api, admin)}
            status, said = self._ask("airflow", told)
        except (OSError, ValueError) as error:
            raise refusal("the rehearsal account has no Airflow", f"{url}: {error}") from error
        if status != 200 or not json.loads(said):
            raise refusal("the rehearsal account has no Airflow", f"it holds no MWAA environment: {said}")

    def conduct(self, service: str, region: str, **kinds: Mapping[str, Any]) -> None:
        """Report to a service what it would observe by itself (`emulator.codedeploy`). Raises Unreadable."""
        try:
            status, said = self._ask("conduct", {"service": service, "region": region, "kinds": kinds})
        except OSError as error:
            raise Unreadable(f"the rehearsal account does not answer: {error}") from error
        if status != 200:
            raise Unreadable(f"the rehearsal account did not take in what {service} observes: {said}")

    def _ask(self, what: str, told: Any) -> tuple[int, str]:
        """Send the emulator a request that AWS has no call for; return the status and text of its response."""
        place = urlsplit(self.endpoint)
        connection = HTTPConnection(place.netloc, timeout=LIMIT)
        try:
            connection.request("POST", f"{place.path}/_prodgate/{what}", json.dumps(told))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class EmulatorProcess:
    """The process of an emulator, with the pipes on which it takes commands and answers them."""

    emulator: RunningEmulator
    _commands: int
    _answers: int
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def endpoint(self) -> str:
        """Its address."""
        return self.emulator.endpoint

    @contextmanager
    def branch(self) -> Iterator[RunningEmulator]:
        """Run a copy of the account's present state while the context is open. Raises TerraformError if that fails."""
        try:
            endpoint = self._begin_copy(next(self._numbers))
        except OSError as error:
            raise refusal("the rehearsal account can't be copied", f"its process has ended: {error}") from error
        if not endpoint:
            raise refusal("the rehearsal account can't be copied", "its process did not answer")
        try:
            yield RunningEmulator(endpoint)
        finally:
            with suppress(BrokenPipeError):  # it has ended, and its copies with it
                self._end_copy(endpoint)

    def _begin_copy(self, number: int) -> str:
        """Return the address of a new copy, or "". Ends the copy of an earlier call that gave up."""
        os.write(self._commands, f"branch {number}\n".encode())
        for line in read_lines(self._answers, monotonic() + READY):
            answered, _, endpoint = line.partition(" ")
            if answered == str(number):
                return endpoint
            if endpoint:
                self._end_copy(endpoint)
        return ""

    def _end_copy(self, endpoint: str) -> None:
        os.write(self._commands, f"end {urlsplit(endpoint).port}\n".encode())


@contextmanager
def running_emulator(account: str, scratch: Path, environment: Mapping[str, str]) -> Iterator[EmulatorProcess]:
    """Run the emulator of an empty account while the context is open. Raises TerraformError if it does not start."""
    stdin, commands = os.pipe()
    answers, stdout = os.pipe()
    command = (*own_python("-m", "prodgate.rehearsal.emulator"), "--account", account)
    try:
        process = Process(command, cwd=scratch, environment=environment, stdin=stdin, stdout=stdout, grace=0)
    finally:
        os.close(stdin)
        os.close(stdout)
    with process, os.fdopen(answers), os.fdopen(commands, "w"):
        if not (endpoint := read_first_line(answers)):
            said = process.errors().strip().splitlines()
            raise refusal("the rehearsal account did not start", said[-1] if said else "it said nothing")
        yield EmulatorProcess(RunningEmulator(endpoint), commands, answers)
