ascii_lowercase = "abcdefghijklmnopqrstuvwxyz"
ascii_uppercase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ascii_letters = ascii_lowercase + ascii_uppercase
digits = "0123456789"
hexdigits = digits + "abcdef" + "ABCDEF"
octdigits = "01234567"
punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
whitespace = " \t\n\r\x0b\x0c"
printable = digits + ascii_letters + punctuation + whitespace


def capwords(s, sep=None):
    return (sep or " ").join([word.capitalize() for word in s.split(sep)])


class Template:
    def __init__(self, template):
        self.template = template

    def _filled(self, values, safe):
        import re

        def piece(found):
            if found.group(1) is not None:
                return "$"
            name = found.group(2) or found.group(3)
            if name is None:
                if safe:
                    return found.group(0)
                raise ValueError("Invalid placeholder in string: " + found.group(0))
            if safe and name not in values:
                return found.group(0)
            return str(values[name])

        return re.sub(r"\$(?:(\$)|([_a-zA-Z][_a-zA-Z0-9]*)|\{([_a-zA-Z][_a-zA-Z0-9]*)\}|)", piece, self.template)

    def substitute(self, mapping=None, **values):
        return self._filled({**(mapping or {}), **values}, False)

    def safe_substitute(self, mapping=None, **values):
        return self._filled({**(mapping or {}), **values}, True)
