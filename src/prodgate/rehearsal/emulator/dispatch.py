"""Answers every call of one account: by the extension, else by moto, else by an error that AWS could have written."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .calls import Call, IncomingRequest, recognise
from .extension import ANSWERS, Ledger, Refused
from .faults import Fault, Faults
from .internal_clients import InternalClients
from .moto_backends import call_moto, find_backend
from .paging import Pages, paginator
from .replies import Reply, check_shape, parse, serialize


@dataclass(slots=True)
class Emulator:
    """One account. Answers one call at a time, which loses nothing: Python would compute no two at once."""

    account: str
    lock: threading.RLock = field(default_factory=threading.RLock)
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)
    """How often each operation was called from outside, as ``service:Operation``."""
    _ledgers: dict[tuple[str, str], Ledger] = field(default_factory=dict)
    _pages: Pages = field(default_factory=Pages)
    _asking: InternalClients = field(init=False)

    def __post_init__(self) -> None:
        self._asking = InternalClients(self._answer_internally)

    def answer(self, sent: IncomingRequest) -> tuple[Reply, list[Fault]]:
        """Answer a call, one page at a time, and say what faults hit it.

        Whatever goes wrong is an error that botocore reads and does not retry.
        """
        with self.lock:
            try:
                call = recognise(sent)
            except Exception as error:  # noqa: BLE001 - a request that nobody can read is answered too
                unread = Call(service="unread", operation="", region="", protocol="rest-json")
                return serialize(unread, _report_mistake(unread, error)), []
            self.calls[f"{call.service}:{call.operation}"] += 1
            struck = self.faults.striking(call)
            refused = next(filter(None, (fault.refusal(call) for fault in struck)), None)
            return serialize(call, refused) if refused else self._answer_or_refuse(
                call, partial(self._answer_in_pages, sent, call)
            ), struck

    def _answer_internally(self, sent: IncomingRequest, moto_only: bool) -> Reply:
        """Answer a call that an answer makes; no faults, no pages."""
        with self.lock:
            call = recognise(sent)
            known = not moto_only and (call.service, call.operation) in ANSWERS
            whole = self._answer_by_extension if known else self._answer_by_moto
            return self._answer_or_refuse(call, partial(whole, sent, call))

    def _answer_or_refuse(self, call: Call, answer: Any) -> Reply:
        try:
            reply: Reply = answer()
        except Refused as refused:
            return serialize(call, refused)
        except Exception as error:  # noqa: BLE001 - an emulated account answers, whatever its own mistakes are
            return serialize(call, _report_mistake(call, error))
        return reply

    def _answer_in_pages(self, sent: IncomingRequest, call: Call) -> Reply:
        page = self._pages.next_page(call)
        if page is not None:
            return serialize(call, page)
        if (call.service, call.operation) in ANSWERS:
            return serialize(call, self._pages.first_page(call, self._compute(call)))
        reply = self._answer_by_moto(sent, call)
        if call.model is None or reply.status >= 300 or paginator(call.service, call.operation) is None:
            return reply
        everything = parse(call.model, call.protocol, reply)
        first = self._pages.first_page(call, everything)
        return reply if first is everything else serialize(call, first)

    def _answer_by_moto(self, sent: IncomingRequest, call: Call) -> Reply:
        if call.model is None and call.service != "s3":
            raise Refused("NotImplementedByEmulator", f"botocore knows no {call.service}:{call.operation}")
        return call_moto(sent, call, self.account)

    def _answer_by_extension(self, _sent: IncomingRequest, call: Call) -> Reply:
        return serialize(call, self._compute(call))

    def _compute(self, call: Call) -> Mapping[str, Any]:
        ledger = self.ledger(call.service, call.region)
        ledger.moto = partial(self._asking.call_moto, call)
        found = ANSWERS[call.service, call.operation](ledger, call.params) or {}
        check_shape(call, found)
        return found

    def ledger(self, service: str, region: str) -> Ledger:
        """Return what a service holds in a region."""
        key = (service, region)
        if key not in self._ledgers:
            name = MOTO_NAMES.get(service, service.replace("-", ""))
            self._ledgers[key] = Ledger(
                self.account,
                region,
                backend=find_backend(name, self.account, region),
                ask=partial(self._asking.call_any, region),
                neighbours=partial(self._ledgers_in, region),
            )
        return self._ledgers[key]

    def store_everywhere(self, service: str, kind: str, told: Mapping[str, Any]) -> list[str]:
        """Keep something in every region in which a service holds anything; return the regions."""
        found = [ledger for (name, _), ledger in self._ledgers.items() if name == service]
        for ledger in found:
            ledger.of(kind).update(told)
        return [ledger.region for ledger in found]

    def _ledgers_in(self, region: str) -> list[Ledger]:
        return [ledger for (_, where), ledger in self._ledgers.items() if where == region]


#: moto's names of services, where they are not boto3's without hyphens.
MOTO_NAMES: Mapping[str, str] = {"lambda": "awslambda", "docdb": "rds", "neptune": "rds"}


def _report_mistake(call: Call, error: BaseException) -> Refused:
    """Return a bug of the emulator as an error of AWS's form; say on stderr where it is."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "nowhere"
    message = f"{call.service}:{call.operation}: {type(error).__name__}: {error}".replace("\n", " ")
    sys.stderr.write(f"emulator: {message} ({place})\n")
    return Refused("EmulatorError", message)
