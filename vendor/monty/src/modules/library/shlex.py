def quote(s):
    import re

    if not s:
        return "''"
    if re.search(r"[^A-Za-z0-9_@%+=:,./-]", s) is None:
        return s
    return "'" + s.replace("'", "'\"'\"'") + "'"


def join(words):
    return " ".join([quote(word) for word in words])


def split(s, comments=False, posix=True):
    words, word, mark, at = [], None, None, 0
    while at < len(s):
        c = s[at]
        at += 1
        if mark == "'":
            if c == "'":
                mark = None
            else:
                word += c
        elif mark == '"':
            if c == '"':
                mark = None
            elif c == "\\" and at < len(s) and s[at] in '"\\':
                word += s[at]
                at += 1
            else:
                word += c
        elif c in "'\"":
            mark, word = c, word or ""
        elif c == "\\":
            if at >= len(s):
                raise ValueError("No escaped character")
            word = (word or "") + s[at]
            at += 1
        elif c in " \t\r\n":
            if word is not None:
                words.append(word)
                word = None
        elif c == "#" and comments and word is None:
            while at < len(s) and s[at] != "\n":
                at += 1
        else:
            word = (word or "") + c
    if mark is not None:
        raise ValueError("No closing quotation")
    if word is not None:
        words.append(word)
    return words
