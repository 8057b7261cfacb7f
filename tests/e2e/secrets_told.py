"""Secrets, each of which gets into the evidence of a journey in a way of its own."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import quote

from .origin import Answer

#: What a page does with a secret: by name, JavaScript in which $ stands for it. `show` writes into the page.
IN_PAGES: Final[Mapping[str, str]] = {
    "a fragment": "location.hash = 'access_token=$&n=1'; show('$')",
    "a cookie of a script": "document.cookie = 'seen=$'; show('$')",
    "a cookie that was removed": "document.cookie = 'gone=$'; await ask('/'); document.cookie = 'gone=; max-age=0'",
    "a cookie of JSON": "document.cookie = 'who=' + encodeURIComponent(JSON.stringify({id: '$'})); show('$')",
    "localStorage": "localStorage.plain = '$'; show('$')",
    "JSON within JSON in localStorage": """localStorage.root = JSON.stringify({a: JSON.stringify({b: ['$']})}); show('$')""",
    "sessionStorage": "sessionStorage.setItem('draft', '$'); show('$')",
    "a database": "await store('$', 'k'); show('$')",
    "the key of a database": "await store('v', '$'); show('$')",
    "bytes in a database": "await store(new TextEncoder().encode('$'), 'b'); show('$')",
    "the state of the history": "history.replaceState({a: {b: '$'}}, ''); show('$')",
    "the name of the window": "window.name = '$'; show('$')",
    "Authorization": "await ask('/', {headers: {Authorization: 'Bearer $'}})",
    "Authorization of a name and a password": "await ask('/', {headers: {Authorization: 'Basic ' + btoa('me:$')}}); show('$')",
    "Authorization by a digest": """await ask('/', {headers: {Authorization: 'Digest username="me", response="$"'}})""",
    **{
        f"the header {name}": f"await ask('/', {{headers: {{'{name}': '$'}}}}); show('$')"
        for name in ("X-XSRF-TOKEN", "X-Access-Token", "Private-Token", "X-Api-Key", "X-Session-Id", "X-Client-Secret")
    },
    **{
        f"the parameter {name}": f"await ask('/?page=2&{name}=$&x=1'); show('$')"
        for name in ("code", "ticket", "sid", "state", "X-Amz-Signature", "X-Amz-Security-Token", "sig", "key", "jwt", "SAMLResponse")
    },
    "a link for once": "await ask('/reset-password/$'); show('$')",
    "JSON that is sent": "await send('/', JSON.stringify({user: 'me', password: '$'})); show('$')",
    "JSON within JSON that is sent": """await send('/', JSON.stringify({a: JSON.stringify({refreshToken: '$'})})); show('$')""",
    "a list of names and values": "await send('/', JSON.stringify([{name: 'client_secret', value: '$'}])); show('$')",
    "variables of GraphQL": "await send('/', JSON.stringify({query: 'mutation', variables: {newPassword: '$'}})); show('$')",
    "a form": "await send('/', new URLSearchParams({csrf_token: '$', a: 1})); show('$')",
    "a form of parts": "const form = new FormData(); form.append('passwd', '$'); await send('/', form); show('$')",
    "escapes within a percent sign": "localStorage.e1 = '$'; await ask('/?q=' + hex('$', '%'))",
    "a percent sign twice": "localStorage.e2 = '$'; await ask('/?q=' + hex('$', '%25'))",
    "Base64": "localStorage.e3 = '$'; show(btoa('$'))",
    "Base64 after one byte": "localStorage.e4 = '$'; show(btoa('x$y'))",
    "Base64 after two bytes": "localStorage.e5 = '$'; show(btoa('xx$yy'))",
    "Base64 of a URL": "localStorage.e6 = '$'; show(btoa('???>>>$').replaceAll('/', '_').replaceAll('+', '-'))",
    "hexadecimal digits": "localStorage.e7 = '$'; show(hex('$', ''))",
    "Base64 of JSON with escapes": """localStorage.e8 = '$'; show(btoa('{"a":"' + hex('$', '\\\\u00') + '"}'))""",
    "Base64 of Base64": "localStorage.e9 = '$'; show(btoa('of one: ' + btoa('in it: $')))",
    "a file in a cache": "await (await caches.open('all')).put('/kept-file', new Response('$')); show('$')",
    "JSON in a cache": "await (await caches.open('all')).put('/kept-json', new Response(JSON.stringify({jwt: '$'}))); show('$')",
    "a file in a database": "await store(new Blob(['$']), 'f'); show('$')",
    "a file of the origin": """const file = await (await navigator.storage.getDirectory()).getFileHandle('kept', {create: true});
        const to = await file.createWritable(); await to.write('$'); await to.close(); show('$')""",
    "a name in localStorage": "localStorage.setItem('user:$', '1'); show('$')",
    "a name in a database": "await store({['$']: 1}, 'n'); show('$')",
    "numbers of bytes": "localStorage.n1 = '$'; show(JSON.stringify([...new TextEncoder().encode('$')]))",
    "numbers of bytes by place": "localStorage.n2 = '$'; show(JSON.stringify(new TextEncoder().encode('$')))",
    "bytes on the console": "localStorage.n3 = '$'; console.log(new TextEncoder().encode('$'))",
    "German": "await send('/', JSON.stringify({kennwort: '$'})); show('$')",
    "French": "await send('/', new URLSearchParams({mot_de_passe: '$'})); show('$')",
    "Spanish": "await send('/', JSON.stringify({['contrase\\u00f1a']: '$'})); show('$')",
    "Chinese": "await send('/', JSON.stringify({['\\u5bc6\\u7801']: '$'})); show('$')",
    "a query of GraphQL": """await send('/', JSON.stringify({query: 'mutation { enter(password: "$") { id } }'})); show('$')""",
    "a parameter of a path": "await ask('/a;jsessionid=$?x=1'); show('$')",
    "a way to a socket": "await new Promise((done) => { new WebSocket(location.origin.replace('http', 'ws') + '/w?ticket=$').onerror = done; }); show('$')",
    "the console": "sessionStorage.c = '$'; console.log('so', {a: '$'})",
    "an exception": "sessionStorage.x = '$'; setTimeout(() => { throw new Error('no: $'); })",
    "an attribute": "const a = show('x'); a.setAttribute('data-session-token', '$'); a.title = '$'",
}  # fmt: skip

#: What a journey types: by name, Python in which $ stands for it.
TYPED: Final[Mapping[str, str]] = {
    "a field for passwords by its id": "page.locator('#pwd').fill('$')",
    "a field without a name": "page.locator('#plain').fill('$')",
    "keys one after the other": "page.locator('#slow').press_sequentially('$')",
    "the keyboard": "page.locator('#keys').focus(); page.keyboard.type('$')",
    "a text that is inserted": "page.locator('#inserted').focus(); page.keyboard.insert_text('$')",
    "single keys": "page.locator('#single').focus(); [page.keyboard.press(each) for each in '$']",
    "a text that can be edited": "page.locator('#edited').focus(); page.keyboard.type('$')",
    "a field in a shadow": "page.locator('#shadowed').fill('$')",
    "a field in a frame": "page.frame_locator('iframe').locator('#framed').fill('$')",
    "a field for a code": "page.locator('#code').fill('$')",
    "a question of the page": "page.once('dialog', lambda each: each.accept('$')); page.evaluate('void prompt()')",
    "a cookie of the journey": "page.context.add_cookies([{'name': 'given', 'value': '$', 'url': base_url}])",
    "a header of the journey": "page.context.set_extra_http_headers({'X-Auth-Token': '$'}); show(page, '$')",
    "a form of the journey": "page.request.post('/', form={'client_secret': '$'}); show(page, '$')",
    "JSON of the journey": "page.request.post('/', data={'user': {'password': '$'}}); show(page, '$')",
    "a header of a request of the journey": "page.request.get('/', headers={'Authorization': 'Bearer $'}); show(page, '$')",
    "a page that was closed": "other = page.context.new_page(); other.goto('/blank'); other.evaluate(\"sessionStorage.s = '$'\"); other.close()",
}  # fmt: skip

#: What the site answers: by name, the bytes and headers of an answer to a request for it.
ANSWERED: Final[Mapping[str, Callable[[str], tuple[bytes, Mapping[str, str]]]]] = {
    "a token in JSON": lambda s: (json.dumps({"token": s}).encode(), {}),
    "a token deep in JSON": lambda s: (json.dumps({"data": [{"viewer": {"accessToken": s}}]}).encode(), {}),
    "JSON that is guarded": lambda s: (b")]}',\n" + json.dumps({"sessionId": s}).encode(), {}),
    "a long text under any name": lambda s: (json.dumps({"value": s * 4}).encode(), {}),
    "a cookie": lambda s: (b"{}", {"Set-Cookie": f"one={s}; Path=/"}),
    "a cookie that no script sees": lambda s: (b"{}", {"Set-Cookie": f"two={s}; HttpOnly; Path=/"}),
    "a cookie with escapes": lambda s: (b"{}", {"Set-Cookie": f"three=s%3A{s}; Path=/"}),
    "a header with a token": lambda s: (b"{}", {"X-Auth-Token": s}),
    "a header with a session": lambda s: (b"{}", {"X-Amzn-Session": s}),
    "an address in a header": lambda s: (b"{}", {"Link": f'<https://id.example/?code={s}>; rel="next"'}),
    "a hidden field": lambda s: (f'<input type="hidden" value="{s}" name="authenticity_token">'.encode(), {}),
    "an element about the page": lambda s: (f"<meta name='csrf-token' content='{s}'>".encode(), {}),
    "a script in a page": lambda s: (f'<script>window.config = {{apiKey: "{s}"}}</script>'.encode(), {}),
    "a text of a template": lambda s: (f"const token = `{s}`;".encode(), {}),
    "lines of JSON": lambda s: (f'{{"a": 1}}\n{{"refresh_token": "{s}"}}\n'.encode(), {}),
    "XML": lambda s: (f"<r><AccessToken>{s}</AccessToken></r>".encode(), {"Content-Type": "text/xml"}),
    "a page of old": lambda s: (f'<meta charset="shift_jis">合言葉<input name="password" value="{s}">'.encode("cp932"), {}),
    "a file of gzip": lambda s: (gzip.compress(f'{{"secret": "{s}"}}'.encode(), mtime=0), {"Content-Type": "application/gzip"}),
}  # fmt: skip

#: How a site writes a secret that the browser keeps: by name.
WRITTEN: Final[Mapping[str, Callable[[str], bytes]]] = {
    "Shift_JIS": lambda s: f"前{s}後".encode("cp932"),
    "EUC-JP": lambda s: f"前{s}後".encode("euc_jp"),
    "ISO-2022-JP": lambda s: f"前{s}後".encode("iso2022_jp"),
    "Big5": lambda s: f"前{s}後".encode("big5"),
    "GB 18030": lambda s: f"前{s}後".encode("gb18030"),
    "EUC-KR": lambda s: f"前{s}後".encode("euc_kr"),
    "UTF-16": lambda s: f"前{s}後".encode("utf-16"),
    "UTF-16 without a mark": lambda s: f"before {s} after".encode("utf-16-le"),
    "a form of old": lambda s: f"a=1&b={quote(s.encode('cp932'))}".encode(),
    "entities": lambda s: "".join(f"&#{ord(each)};" for each in s).encode(),
    "hexadecimal entities": lambda s: "".join(f"&#x{ord(each):X};" for each in s).encode(),
    "escapes of JSON": lambda s: ("<p>" + "".join(f"\\u{ord(each):04x}" for each in s)).encode(),
    "escapes of all kinds": lambda s: ("<p>" + quote(json.dumps(json.dumps(s)))).encode(),
    "lines of Base64": lambda s: base64.encodebytes(f"{'x' * 50}{s}{'y' * 40}".encode()),
    "Base64 of gzip": lambda s: b"data: " + base64.b64encode(gzip.compress(s.encode() * 3, mtime=0)),
}


def canary(number: int) -> str:
    """A secret that is written nowhere else."""
    return f"cv{number:03}Xq9{number:03}"


NAMES: Final = (*IN_PAGES, *TYPED, *ANSWERED, *WRITTEN)
SECRETS: Final[Mapping[str, str]] = {name: canary(number) for number, name in enumerate(NAMES)}
#: Secrets that are not ASCII, as far as the way in allows.
_ASCII: Final = ("UTF-16 without a mark", "EUC-KR")
KEPT: Final = {name: f"合言葉{SECRETS[name]}" if name not in _ASCII else SECRETS[name] for name in WRITTEN}


def answer(body: bytes, headers: Mapping[str, str]) -> Answer:
    def told(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        for name, value in {"Content-Type": "text/plain", "Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return told


def answers() -> Iterator[tuple[str, Answer]]:
    """Yield the path and the answer of each secret that the site tells."""
    for number, (name, make) in enumerate(ANSWERED.items()):
        yield f"/answered/{number}", answer(*make(SECRETS[name]))
    for number, (name, write) in enumerate(WRITTEN.items()):
        yield f"/written/{number}", answer(write(KEPT[name]), {})


def script() -> str:
    """What the page does."""
    told = [f"await (async () => {{ {way.replace('$', SECRETS[name])} }})();" for name, way in IN_PAGES.items()]
    told += [f"await ask('/answered/{number}');" for number in range(len(ANSWERED))]
    kept = [f"localStorage.kept{number} = {json.dumps(KEPT[name])};" for number, name in enumerate(WRITTEN)]
    return "\n".join([*told, *kept, *(f"await ask('/written/{number}');" for number in range(len(WRITTEN)))])
