def dedent(text):
    lines = [line if line.strip(" \t") else "" for line in text.split("\n")]
    margin = None
    for line in lines:
        if line:
            blank = line[: len(line) - len(line.lstrip(" \t"))]
            if margin is None:
                margin = blank
            while not blank.startswith(margin):
                margin = margin[:-1]
    return "\n".join([line[len(margin or "") :] for line in lines])


def indent(text, prefix, predicate=None):
    def line_of(line):
        wanted = predicate(line) if predicate is not None else line.strip() != ""
        return prefix + line if wanted else line

    return "".join([line_of(line) for line in text.splitlines(True)])


def wrap(text, width=70, initial_indent="", subsequent_indent=""):
    if width <= 0:
        raise ValueError(f"invalid width {width!r} (must be > 0)")
    lines, line, room = [], "", initial_indent
    for word in text.split():
        while len(room) + len(word) > width and not line and len(word) > max(width - len(room), 1):
            cut = max(width - len(room), 1)
            lines.append(room + word[:cut])
            word, room = word[cut:], subsequent_indent
        if not line:
            line = room + word
        elif len(line) + 1 + len(word) <= width:
            line += " " + word
        else:
            lines.append(line)
            room, line = subsequent_indent, ""
            while len(room) + len(word) > width and len(word) > max(width - len(room), 1):
                cut = max(width - len(room), 1)
                lines.append(room + word[:cut])
                word = word[cut:]
            line = room + word
    if line:
        lines.append(line)
    return lines


def fill(text, width=70, initial_indent="", subsequent_indent=""):
    return "\n".join(wrap(text, width, initial_indent, subsequent_indent))


def shorten(text, width, placeholder=" [...]"):
    words = text.split()
    whole = " ".join(words)
    if len(whole) <= width:
        return whole
    if len(placeholder.lstrip()) > width:
        raise ValueError("placeholder too large for max width")
    kept = ""
    for word in words:
        longer = word if not kept else kept + " " + word
        if len(longer) + len(placeholder) > width:
            break
        kept = longer
    return kept + placeholder if kept else placeholder.lstrip()
