def _quote(string, safe="/", encoding=None, errors=None):
    data = string if isinstance(string, bytes) else str(string).encode()
    kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~" + safe
    return "".join([chr(b) if b < 128 and chr(b) in kept else f"%{b:02X}" for b in data])


def _quote_plus(string, safe="", encoding=None, errors=None):
    return _quote(string, safe + " ").replace(" ", "+")


def _unquote(string, encoding="utf-8", errors="replace"):
    data, at = [], 0
    raw = string.encode()
    digits = b"0123456789abcdefABCDEF"
    while at < len(raw):
        if raw[at] == 37 and at + 2 < len(raw) + 0 and raw[at + 1] in digits and raw[at + 2] in digits:
            data.append(int(raw[at + 1 : at + 3].decode(), 16))
            at += 3
        else:
            data.append(raw[at])
            at += 1
    return bytes(data).decode("utf-8", "replace")


def _unquote_plus(string, encoding="utf-8", errors="replace"):
    return _unquote(string.replace("+", " "))


def _urlencode(query, doseq=False, safe="", encoding=None, errors=None, quote_via=None):
    via = quote_via or _quote_plus
    pairs = []
    for key, value in query.items() if isinstance(query, dict) else query:
        values = value if doseq and isinstance(value, (list, tuple)) else [value]
        for one in values:
            pairs.append(via(str(key), safe) + "=" + via(str(one), safe))
    return "&".join(pairs)


class _Parts:
    def __init__(self, scheme, netloc, path, params, query, fragment, names):
        self.scheme, self.netloc, self.path, self.params = scheme, netloc, path, params
        self.query, self.fragment, self._names = query, fragment, names
        user, at, host = netloc.rpartition("@")
        name, _, password = user.partition(":")
        self.username = name if at else None
        self.password = password if at and ":" in user else None
        if host.startswith("["):
            host, _, port = host[1:].partition("]")
            port = port.removeprefix(":")
        else:
            host, _, port = host.partition(":")
        self.hostname = host.lower() or None
        self.port = int(port) if port else None

    def _values(self):
        return tuple([getattr(self, name) for name in self._names])

    def __iter__(self):
        return iter(self._values())

    def __getitem__(self, at):
        return self._values()[at]

    def __len__(self):
        return len(self._names)

    def __eq__(self, other):
        return tuple(self) == tuple(other)

    def __repr__(self):
        kind = "ParseResult" if "params" in self._names else "SplitResult"
        return kind + "(" + ", ".join([f"{name}={getattr(self, name)!r}" for name in self._names]) + ")"

    def _replace(self, **changes):
        values = {name: getattr(self, name) for name in self._names}
        values.update(changes)
        return _Parts(
            values["scheme"], values["netloc"], values["path"], values.get("params", ""), values["query"],
            values["fragment"], self._names,
        )

    def geturl(self):
        return _urlunparse(
            (self.scheme, self.netloc, self.path, self.params, self.query, self.fragment)
        )


def _split(url, scheme):
    import re

    url, _, fragment = url.partition("#")
    url, _, query = url.partition("?")
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", url)
    if found:
        scheme, url = found.group(1).lower(), url[found.end() :]
    netloc = ""
    if url.startswith("//"):
        netloc, slash, rest = url[2:].partition("/")
        url = slash + rest
    return scheme, netloc, url, query, fragment


def _urlsplit(url, scheme="", allow_fragments=True):
    scheme, netloc, path, query, fragment = _split(url, scheme)
    return _Parts(scheme, netloc, path, "", query, fragment, ("scheme", "netloc", "path", "query", "fragment"))


def _urlparse(url, scheme="", allow_fragments=True):
    scheme, netloc, path, query, fragment = _split(url, scheme)
    before, semicolon, params = path.rpartition(";")
    if not semicolon or "/" in params:
        before, params = path, ""
    names = ("scheme", "netloc", "path", "params", "query", "fragment")
    return _Parts(scheme, netloc, before, params, query, fragment, names)


def _urlunparse(parts):
    scheme, netloc, path, params, query, fragment = parts
    url = path + (";" + params if params else "")
    if netloc:
        url = "//" + netloc + ("/" if url and not url.startswith("/") else "") + url
    if scheme:
        url = scheme + ":" + url
    return url + ("?" + query if query else "") + ("#" + fragment if fragment else "")


def _urlunsplit(parts):
    scheme, netloc, path, query, fragment = parts
    return _urlunparse((scheme, netloc, path, "", query, fragment))


def _parse_qsl(qs, keep_blank_values=False, strict_parsing=False):
    pairs = []
    for part in qs.split("&"):
        key, equals, value = part.partition("=")
        if part and (value or keep_blank_values):
            pairs.append((_unquote_plus(key), _unquote_plus(value)))
    return pairs


def _parse_qs(qs, keep_blank_values=False, strict_parsing=False):
    found = {}
    for key, value in _parse_qsl(qs, keep_blank_values):
        found.setdefault(key, []).append(value)
    return found


class parse:
    quote = staticmethod(_quote)
    quote_plus = staticmethod(_quote_plus)
    unquote = staticmethod(_unquote)
    unquote_plus = staticmethod(_unquote_plus)
    urlencode = staticmethod(_urlencode)
    urlsplit = staticmethod(_urlsplit)
    urlparse = staticmethod(_urlparse)
    urlunparse = staticmethod(_urlunparse)
    urlunsplit = staticmethod(_urlunsplit)
    parse_qs = staticmethod(_parse_qs)
    parse_qsl = staticmethod(_parse_qsl)
