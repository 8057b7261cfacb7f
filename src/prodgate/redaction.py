"""Takes secrets out of the small texts that are kept of a browser and of a load: by value, by name and by form.

Bodies, pages and storage are not kept at all, so nothing here looks for secrets in them (decision 0050).
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Self
from urllib.parse import quote, quote_plus, unquote, urlsplit

from .semantics.secret_forms import find_secret, redact_credentials, redaction

#: Names of secrets that a person knows, and of those that a machine issues to recognise somebody.
_SECRET: Final = re.compile(
    r"passw|passphrase|passcode|passkey|(?:^|_)(?:pass|pwd|pw|pin|[th]?otp|mfa|2fa|cvv2?|cvc2?|csc|ssn|iban|pan)(?:_|$|\d)"
    r"|one_?time|(?:security|verification|sms|recovery|backup|confirmation)_?(?:code|answer)|card_?(?:num|no)|secret_?answer"
    r"|kennwort|mots?_de_passe|contrase|(?:^|_)(?:senha|clave|haslo|hasło|heslo)(?:_|$|\d)|wachtwoord|salasana|l[oö]senord"
    r"|парол|密码|密碼|口令|验证码|驗證碼|비밀번호|암호|パスワード|暗証|認証コード|ワンタイム|セキュリティコード|カード番号|トークン"
    r"|token|secret|session|credential|signature|csrf|xsrf|api_?key|_key$|assertion|saml|sess_?id"
    r"|(?:^|_)(?:jwt|sid|sess|sig|hmac|ticket|bearer|authorization|authentication|cookies?|auth|verifier|refresh|oauth|sso"
    r"|relay_?state|nonce|remember(?:_?me)?|magic|invite|otc)(?:_|$|\d)"
)
#: Ends of names that say something about a secret and do not hold it, such as ``token_type``.
_ABOUT: Final = re.compile(
    r"_(?:type|url|uri|endpoint|name|length|expires?|expiry|expiration|in|at|count|enabled|policy|label|hint|placeholder|message"
    r"|error|field|max|min|ttl|version|required|strength|title|text|description|algorithm|method)$"
)
#: Parameters of addresses that let somebody in, beside those with such a name.
_PARAMETERS: Final = re.compile(r"code|state|key|hash|policy|key_pair_id|signed|hdnts|hdnea|pass")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PAIR: Final = re.compile(r"([?&;#]|^)([\w.\[\]-]+)=([^&;#\s\"'<>]+)")
#: A member of JSON, or of what a failed comparison shows of it.
_MEMBER: Final = re.compile(r"""(["'])([\w.-]{2,60})\1(\s{0,3}:\s{0,3})(["'])([^"'\n]{1,4096})\4""")
_ADDRESS: Final = re.compile(r"\b(?:https?|wss?)://[^\s\"'<>]+")
#: Parts of paths that let somebody in once, and random ones.
_ONCE: Final = re.compile(
    r"(?i)(/(?:reset|magic|invite|invitation|verify|verification|confirm|activate|activation|token|unsubscribe|sso|auth|s)[\w-]*)/[\w~.%=-]{6,}"
)
_RANDOM: Final = re.compile(r"(?<=/)(?=[^/]*\d)(?=[^/]*[A-Za-z])[\w+=~.-]{24,}(?=/|$)")
#: Characters of a known secret that counts as a whole word alone, and of those that don't count.
_SHORT, _SHORTEST = 6, 3
SECRET, TYPED = redaction("a secret"), redaction("what was typed")


@dataclass(frozen=True)
class Redaction:
    """Recognises given secrets by value, and others by their name or their form."""

    secrets: frozenset[str] = frozenset()
    typed: frozenset[str] = frozenset()
    """Texts that were typed into fields; a mark that says so replaces them."""

    def with_secrets(self, values: Iterable[str]) -> Self:
        """Return a redaction that knows more values."""
        return replace(self, secrets=self.secrets.union(values))

    def redact_text(self, text: str) -> str:
        """Return a text without secrets: plain, behind escapes of URLs and JSON, and in Base64."""
        for pattern, mark in self._known:
            text = pattern.sub(mark, text)
        text = _PAIR.sub(_redact_pair, redact_credentials(text))
        return _MEMBER.sub(_redact_member, text)

    def redact_message(self, text: str) -> str:
        """Return a text without secrets, in which addresses show only where they lead."""
        return self.redact_text(_ADDRESS.sub(lambda found: redact_address(found[0]), text))

    def redact_json(self, value: Any) -> Any:
        """Return JSON without secrets."""
        if isinstance(value, str):
            return self.redact_text(value)
        if isinstance(value, Mapping):
            return {self.redact_text(key): self.redact_json(inner) for key, inner in value.items()}
        return [self.redact_json(inner) for inner in value] if isinstance(value, list) else value

    @cached_property
    def _known(self) -> list[tuple[re.Pattern[str], str]]:
        made = []
        for values, mark in ((self.secrets, SECRET), (self.typed - self.secrets, TYPED)):
            forms = sorted({form for value in values if len(value) >= _SHORTEST for form in _write(value)}, key=len)
            words = (rf"\b{re.escape(form)}\b" if len(form) < _SHORT else re.escape(form) for form in reversed(forms))
            made += [(re.compile("|".join(words)), mark)] if forms else []
        return made


def _write(value: str) -> Iterator[str]:
    """Yield the forms of a value in texts; of Base64, the part that does not depend on what stands around it."""
    yield from (value, quote(value, safe=""), quote(value), quote_plus(value))
    yield from (json.dumps(value, ensure_ascii=ascii)[1:-1] for ascii in (True, False))
    for by in range(3) if len(value) >= _SHORT else ():
        data = base64.b64encode(b"\0" * by + (written := value.encode("utf-8", "surrogatepass"))).decode()
        certain = data[(0, 2, 3)[by] : (by + len(written)) * 8 // 6]
        yield from (certain, certain.translate(str.maketrans("+/", "-_")))


def _is_secret(name: str, *, parameter: bool) -> bool:
    """Whether what stands under a name is a secret, as the parameter of an address or else."""
    words = re.sub(r"[\W_]+", "_", _CAMEL.sub("_", unquote(name))).strip("_").lower()
    named = _SECRET.search(words) or (parameter and _PARAMETERS.fullmatch(words))
    return bool(named and not _ABOUT.search(words))


def redact_address(url: str) -> str:
    """Return an address without what may let somebody in: values of parameters, a password, what opens a door once."""
    try:
        parts = urlsplit(url)
    except ValueError:  # no address
        return redaction("no address")
    path = _RANDOM.sub(SECRET, _ONCE.sub(rf"\1/{SECRET}", re.sub(r";[^/]*", "", parts.path)))
    names = (pair.partition("=")[0] for pair in parts.query.split("&") if "=" in pair)
    query = "&".join(f"{name}={redaction('a value')}" for name in names)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path, query=query, fragment="").geturl()


def _redact_pair(match: re.Match[str]) -> str:
    kind = find_secret(match[2], match[3]) or ("its name" if _is_secret(match[2], parameter=True) else "")
    return f"{match[1]}{match[2]}={redaction(kind)}" if kind and not match[3].startswith("(redacted") else match[0]


def _redact_member(match: re.Match[str]) -> str:
    if match[5].startswith("(redacted") or not _is_secret(match[2], parameter=False):
        return match[0]
    return f"{match[1]}{match[2]}{match[1]}{match[3]}{match[4]}{redaction('its name')}{match[4]}"
