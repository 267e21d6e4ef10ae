import hashlib


class HMAC:
    def __init__(self, key, msg, digestmod):
        self._of = (lambda data: hashlib.new(digestmod, data)) if isinstance(digestmod, str) else digestmod
        size = self._of(b"").block_size
        key = self._of(key).digest() if len(key) > size else key
        key = key + bytes(size - len(key))
        self._outer = bytes([b ^ 0x5C for b in key])
        self._data = bytes([b ^ 0x36 for b in key]) + (msg or b"")

    def update(self, msg):
        self._data += msg

    def digest(self):
        return self._of(self._outer + self._of(self._data).digest()).digest()

    def hexdigest(self):
        return self.digest().hex()


def new(key, msg=None, digestmod=""):
    return HMAC(key, msg, digestmod)


def digest(key, msg, digest):
    return HMAC(key, msg, digest).digest()


def compare_digest(a, b):
    return a == b
