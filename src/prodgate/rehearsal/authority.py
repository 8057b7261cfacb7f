"""The certificate authority of the rehearsal proxy; its key exists in memory only."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from .certificates import Signer, Validity, load_chain, new_key

_NAME: Final = "prod-gate rehearsal, valid for one run"
#: A certificate must be valid a little before now, for programs whose clock is behind, and longer than any rehearsal.
_VALID: Final = Validity(begins=-timedelta(minutes=5), ends=timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates for hosts of AWS. Only clients that were given ``certificate`` trust them."""

    _signer: Signer = field(default_factory=lambda: Signer(_NAME))
    _contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def certificate(self) -> bytes:
        """The certificate of the authority, in PEM: what a client is told to trust."""
        return self._signer.certificate(_VALID)

    def context(self, host: str) -> ssl.SSLContext:
        """Return what is needed to serve as ``host``; made once for each."""
        with self._lock:
            if host not in self._contexts:
                chain = self._signer.chain(host, new_key(), _VALID)
                self._contexts[host] = load_chain(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), chain)
            return self._contexts[host]
