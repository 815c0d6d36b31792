"""What must hold for documents without running them. Each check gives (document, line, what)."""

import os
import pathlib
import re
import subprocess
import urllib.parse

import facts
from document import plain

README_LIMIT_BYTES = 7000
CELL_LIMIT = 100
LANGUAGES = {"sh", "console", "toml", "json", "staff", "text"}
RUN = LANGUAGES - {"text"}
# What the package has beside the documents and their pictures: config/package/CMakeLists.txt.
PACKAGED = {"config/maitred.toml", "models/manifest.toml"}


def check_shape(documents):
    for document in documents:
        if document.name == "README.md" and len(document.text.encode()) > README_LIMIT_BYTES:
            yield (document, 1, f"is {len(document.text.encode())} bytes long; at most "
                                f"{README_LIMIT_BYTES} are wanted")
        if document.open_fence:
            yield document, document.open_fence, "a fenced block is not closed"
        for block in document.blocks:
            if block.language not in LANGUAGES:
                yield (document, block.line, f"a block of the language {block.language!r}; known "
                                             f"are {', '.join(sorted(LANGUAGES))}")
        for number, line in enumerate(document.text.split("\n"), 1):
            if line.startswith("    ") and not inside_block(document, number) \
                    and not after_list(document, number):
                yield document, number, "an indented block; use a fence with a language"
        for table in document.tables:
            for number, row in enumerate([table.header, *table.rows]):
                at = table.line + number + (1 if number else 0)
                if len(row) != len(table.header):
                    yield document, at, f"{len(row)} cells under {len(table.header)} headings"
                for cell in row:
                    if len(plain(cell)) > CELL_LIMIT:
                        yield (document, at, f"a cell of {len(plain(cell))} characters; at most "
                                             f"{CELL_LIMIT} are wanted: {plain(cell)[:40]}…")


# How a sentence of plain English does not begin (it makes the reader wait for its subject).
DANGLING = re.compile(r"(?:Of|Whom|What|Even when|Now and then|Whose)\b(?!.*\?)")
LONGEST_SENTENCE_WORDS = 45


def sentences_of(document):
    """(line, sentence) of the prose, without code, tables and headings."""
    lines, paragraph, start = document.text.split("\n") + [""], [], 0
    for number, line in enumerate(lines, 1):
        item = re.match(r"\s*(?:-|\d+\.) (.*)", line)
        prose = line.strip() and not inside_block(document, number) \
            and not line.lstrip().startswith(("|", "#", "!["))
        if paragraph and (item or not prose):
            text = plain(" ".join(paragraph))
            for sentence in re.split(r"(?<=[.!?;:])\**\s+", text):
                yield start, sentence
            paragraph = []
        if prose:
            start = start if paragraph else number
            paragraph.append(item.group(1) if item else line.strip())


def check_sentences(documents):
    for document in documents:
        for line, sentence in sentences_of(document):
            words = len(sentence.split())
            if words > LONGEST_SENTENCE_WORDS:
                yield document, line, f"a sentence of {words} words: {sentence[:60]}…"
            if DANGLING.match(sentence):
                yield document, line, f"a sentence that begins with its end: {sentence[:60]}…"


def inside_block(document, number):
    return any(block.line <= number <= block.line + block.text.count("\n") + 2
               for block in document.blocks)


def after_list(document, number):
    """A line of a list item that goes on."""
    for line in reversed(document.text.split("\n")[:number - 1]):
        if not line.strip():
            return False
        if re.match(r"\s*([-*]|\d+\.) ", line):
            return True
    return False


def check_links(documents, root):
    by_name = {document.name: document for document in documents}
    for document in documents:
        for line, target in document.links:
            if re.match(r"[a-z]+:", target):
                if not target.startswith(("http://", "https://", "mailto:")):
                    yield document, line, f"a link to {target}"
                continue
            path, _, anchor = urllib.parse.unquote(target).partition("#")
            place = pathlib.PurePosixPath(document.name).parent / path if path else None
            name = os.path.normpath(place) if path else document.name
            if not (root / name).exists():
                yield document, line, f"the link {target} leads to nothing"
            elif not name.endswith((".md", ".png")) and name not in PACKAGED:
                yield document, line, f"the link {target} is dead where the package is installed"
            elif anchor and (name not in by_name or anchor not in
                             {heading.anchor for heading in by_name[name].headings}):
                yield document, line, f"the link {target} leads to no heading"


PATH = re.compile(r"(?:src|include|tests|config|models|systemd|\.ci)/[\w./@-]*[\w/]")


def check_paths(documents, root):
    """Files of the tree that are named in code exist."""
    for document in documents:
        for line, code in document.codes + [(block.line, block.text) for block in document.blocks
                                            if block.language != "json"]:
            for found in re.finditer(r"(?<![\w/.$-])" + PATH.pattern + r"(?![*{\w])", code):
                if not any((folder / found.group()).exists()
                           for folder in (root, (root / document.name).parent)):
                    yield document, line, f"{found.group()} is not there"


def commands_in(text):
    """The words of each maitredctl command in a text of shell, without redirections."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for found in re.finditer(r"(?<![\w/.-])maitredctl((?: +(?:\"[^\"]*\"|'[^']*'|[^\s|;&)<>\"'`]+))*)",
                             joined):
        yield re.findall(r"\"[^\"]*\"|'[^']*'|\S+", found.group(1))


def wrong_command(words):
    """What is wrong with `maitredctl WORDS`, or None."""
    verbs = facts.verbs()
    path, given, at = [], [], 0
    while at < len(words) and words[at].startswith("-"):
        given.append(words[at])
        at += 2 if words[at] in ("-c", "--config") else 1
    rest = words[at:]
    for word in rest:
        if word.startswith("#"):
            break
        if word.startswith("-"):
            given.append(word)
        elif " ".join([*path, word]) in verbs:
            path.append(word)
        elif not path:
            return None if not re.fullmatch(r"[a-z-]+", word) else f"has no verb {word}"
    name = " ".join(path)
    known = set(verbs[name]) | verbs[""]
    for depth in range(len(path)):
        known |= verbs[" ".join(path[:depth])]
    for option in given:
        option = option.split("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", option) and option not in known:
            return f"{name} has no option {option}"
    below = [verb for verb in verbs if verb.startswith(name + " ")]
    if path and below and rest and name not in ("audit",):
        after = [word for word in rest if not word.startswith("-")][len(path):]
        bad = [word for word in after[:1] if re.fullmatch(r"[a-z]+", word)
               and f"{name} {word}" not in verbs]
        if bad and name != "consent":
            return f"has no verb {name} {bad[0]}"
    return None


def check_commands(documents):
    for document in documents:
        texts = [(block.line, block.text) for block in document.blocks
                 if block.language in ("sh", "console")]
        for line, text in texts + document.codes:
            for words in commands_in(text):
                wrong = wrong_command(words)
                if wrong:
                    yield document, line, f"maitredctl {wrong}"
            for program, words in re.findall(r"(?<![\w/.@-])(?<!-u )(maitred(?:-eye)?)((?: +[\w<>.$-]+)+)",
                                             text):
                for option in re.findall(r"(?<= )--?[a-z][a-z-]*", words):
                    if option not in facts.options(program):
                        yield document, line, f"{program} has no option {option}"
            for name in re.findall(r"\bMAITRED_[A-Z_0-9]+", text):
                if name not in facts.variables():
                    yield document, line, f"nothing reads the variable {name}"
        for block in document.blocks:
            if block.language != "sh":
                continue
            done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
            if done.returncode != 0:
                yield document, block.line, f"is no shell: {done.stderr.strip()}"


def check_tools(documents):
    """Presets, tests and programs that commands name are there."""
    presets, tests = facts.presets(), facts.test_names()
    for document in documents:
        for line, text in document.codes + [(block.line, block.text) for block in document.blocks
                                            if block.language in ("sh", "console")]:
            for name in re.findall(r"--preset[ =]([\w-]+)", text):
                if name not in presets:
                    yield document, line, f"CMakePresets.json has no preset {name}"
            for pattern in re.findall(r"ctest [^\n]*-R '?([^\s'`]+)", text):
                if not any(re.search(pattern, name) for name in tests):
                    yield document, line, f"no test is called {pattern}"
            for name in re.findall(r"\bunit_[a-z_]+", text):
                if name not in tests:
                    yield document, line, f"there is no program {name}"


def first_codes(table):
    """The inline codes of the first column."""
    for row in table.rows:
        yield from re.findall(r"`([^`]+)`", row[0])


def compare(document, line, documented, real, what):
    for name in sorted(real - documented):
        yield document, line, f"{what} {name} is not described"
    for name in sorted(documented - real):
        yield document, line, f"describes {what} {name}, which does not exist"


def only(documents, name):
    for document in documents:
        if document.name == name:
            return document
    raise SystemExit(f"there is no {name}")


def check_settings(documents):
    """Each section has a heading "[store]" with a table of its keys and their defaults."""
    document = only(documents, "config/README.md")
    real, defaults, seen = facts.settings(), facts.defaults(), {}
    for table in document.tables:
        section = next((found.group(1) for text in reversed(table.headings)
                        if (found := re.search(r"\[+([a-z]+)\]+", text))), None)
        if section is None or table.header[0] != "key":
            continue
        seen.setdefault(section, set()).update(first_codes(table))
        for number, row in enumerate(table.rows):
            key = re.sub("`", "", row[0])
            value = defaults.get(section, {}).get(key)
            said = row[1].replace("`", "")
            if section != "camera" and value is not None and value != said:
                yield (document, table.line + 2 + number,
                       f"the default of {section}.{key} is {value}, not {said}")
    for section in sorted(set(real) | set(seen)):
        yield from compare(document, 1, {f"{section}.{key}" for key in seen.get(section, ())},
                           {f"{section}.{key}" for key in real.get(section, ())}, "the key")
    names = "|".join(real)
    for other in documents:
        for line, code in other.codes:
            found = re.fullmatch(rf"({names})\.([a-z_]+)( = .*)?", code)
            if found and found.group(2) not in real[found.group(1)] \
                    and found.group(2) not in ("db", "toml", "key", "rule", "log", "cpp", "h"):
                yield other, line, f"there is no key {code}"


def check_verbs(documents):
    document = only(documents, "src/ctl/README.md")
    documented = {" ".join(word for word in code.split() if re.fullmatch(r"[a-z-]+", word))
                  for table in document.tables if table.header[0] == "verb"
                  for code in first_codes(table)}
    yield from compare(document, 1, documented, facts.leaf_verbs(), "the verb")


def check_levels(documents):
    document = only(documents, "src/README.md")
    documented = set()
    for table in document.tables:
        if table.header[:2] != ["level", "room"]:
            continue
        for row in table.rows:
            documented |= {f"{room} (level {row[0]})" for room in re.findall(r"`([^`]+)`", row[1])}
    real = {f"{room} (level {level})" for room, level in facts.levels().items()}
    yield from compare(document, 1, documented, real, "the room")


def check_api(documents):
    document = only(documents, "src/doors/api/README.md")
    documented = {code for table in document.tables if table.header[0] == "call"
                  for code in first_codes(table)}
    yield from compare(document, 1, documented, facts.api_calls(), "the call")


def check_metrics(documents, real):
    """`real`: the names of the families of a running daemon."""
    document = only(documents, "systemd/README.md")
    documented = {code for table in document.tables if table.header[0] == "metric"
                  for code in first_codes(table)}
    yield from compare(document, 1, documented, set(real), "the metric")
    for name in sorted(facts.dashboard_metrics() - set(real)):
        yield document, 1, f"the dashboard shows the metric {name}, which does not exist"
    for other in documents:
        for line, code in other.codes:
            for name in re.findall(r"\bmaitred_[a-z_0-9]+", code):
                if name not in real:
                    yield other, line, f"there is no metric {name}"


def check_events(documents, real):
    document = only(documents, "src/doors/outbound/README.md")
    documented = {code for table in document.tables if table.header[0] == "event"
                  for code in first_codes(table)}
    yield from compare(document, 1, documented, set(real), "the event")


def static_checks(documents, root):
    yield from check_shape(documents)
    yield from check_sentences(documents)
    yield from check_links(documents, root)
    yield from check_paths(documents, root)
    yield from check_commands(documents)
    yield from check_tools(documents)
    yield from check_settings(documents)
    yield from check_verbs(documents)
    yield from check_levels(documents)
    yield from check_api(documents)
