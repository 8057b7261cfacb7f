"""Answers every call of an account: by the extension, else by moto, else by an error that AWS could have written."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from .accounts import find_caller, find_owner, refuse_strangers
from .calls import Call, IncomingRequest, recognise
from .extension import ANSWERS, Ledger, Refused
from .faults import Fault, Faults
from .internal_clients import InternalClients
from .moto_backends import call_moto, find_backend
from .paging import Pages, paginator
from .regions import HOME, refuse_disabled
from .replies import Reply, check_shape, parse, serialize


@dataclass(slots=True)
class Emulator:
    """Accounts. Answers one call at a time, which loses nothing: Python would compute no two at once."""

    account: str
    """Of whoever signs with a key that is nobody else's (`accounts`)."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)
    """How often each operation was called from outside, as ``service:Operation``."""
    _ledgers: dict[tuple[str, str, str], Ledger] = field(default_factory=dict)
    _pages: Pages = field(default_factory=Pages)
    _asking: dict[str, InternalClients] = field(default_factory=dict)

    def answer(self, sent: IncomingRequest) -> tuple[Reply, list[Fault]]:
        """Answer a call, one page at a time, and say what faults hit it.

        Whatever goes wrong is an error that botocore reads and does not retry.
        """
        with self.lock:
            try:
                call = self._attribute(recognise(sent))
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
            call = self._attribute(recognise(sent))
            call = replace(call, account=find_owner(call) or call.account)
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

    def _attribute(self, call: Call) -> Call:
        account = find_caller(call.key, self.account)
        self._asking.setdefault(account, InternalClients(self._answer_internally, account))
        return replace(call, account=account)

    def _pass_on(self, call: Call) -> Call:
        """Return a call as the account answers it to which belongs what it names. Raises Refused."""
        refuse_disabled(call, self._ledgers.get((call.account, "account", HOME)))
        owner = find_owner(call) or call.account
        if owner != call.account:
            refuse_strangers(call, self.ledger(call.service, call.region, owner))
        return replace(call, account=owner)

    def _answer_in_pages(self, sent: IncomingRequest, call: Call) -> Reply:
        call = self._pass_on(call)
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
        return call_moto(sent, call)

    def _answer_by_extension(self, _sent: IncomingRequest, call: Call) -> Reply:
        return serialize(call, self._compute(call))

    def _compute(self, call: Call) -> Mapping[str, Any]:
        ledger = self.ledger(call.service, call.region, call.account)
        ledger.moto = partial(self._asking[call.account].call_moto, call)
        found = ANSWERS[call.service, call.operation](ledger, call.params) or {}
        check_shape(call, found)
        return found

    def ledger(self, service: str, region: str, account: str = "") -> Ledger:
        """Return what a service holds in a region, of this account unless another is named."""
        key = (account or self.account, service, region)
        if key not in self._ledgers:
            self._ledgers[key] = self._make_ledger(*key)
        return self._ledgers[key]

    def _make_ledger(self, account: str, service: str, region: str) -> Ledger:
        asking = self._asking.setdefault(account, InternalClients(self._answer_internally, account))

        def elsewhere(account: str = account, region: str = region) -> Ledger:
            return self.ledger(service, region, account)

        return Ledger(
            account,
            region,
            backend=find_backend(MOTO_NAMES.get(service, service.replace("-", "")), account, region),
            ask=partial(asking.call_any, region),
            neighbours=partial(self._ledgers_in, account, region),
            elsewhere=elsewhere,
            strangers=lambda: map(elsewhere, sorted(self._asking.keys() - {account})),
        )

    def store_everywhere(self, service: str, kind: str, told: Mapping[str, Any]) -> list[str]:
        """Keep something in every region in which a service holds anything; return the regions."""
        found = [one for (whose, name, _), one in self._ledgers.items() if (whose, name) == (self.account, service)]
        for ledger in found:
            ledger.of(kind).update(told)
        return [ledger.region for ledger in found]

    def _ledgers_in(self, account: str, region: str) -> list[Ledger]:
        return [ledger for (whose, _, where), ledger in self._ledgers.items() if (whose, where) == (account, region)]


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
