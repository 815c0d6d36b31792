#!/usr/bin/env python3
"""Fills a man page from what the program says of itself.

usage: make_man.py TEMPLATE VERSION PROGRAM|CONFIGURATION OUTPUT

@OPTIONS@ and @VERBS@ come from PROGRAM --help and PROGRAM VERB --help, @KEYS@ from the comments of
the shipped configuration: a page cannot be behind its program.
"""

import gzip
import pathlib
import re
import subprocess
import sys


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def help_of(program, *verbs):
    text = subprocess.run([program, *verbs, "--help"], check=True, capture_output=True, text=True,
                          timeout=30).stdout
    sections, name = {"": []}, ""
    for line in text.splitlines():
        heading = re.fullmatch(r"([A-Z][a-z ]+):", line)
        if heading:
            name = heading[1]
            sections[name] = []
        elif line.startswith("  "):
            sections[name].append(line)
        elif not line:
            name = ""
        elif name == "":
            sections[""].append(line)
    return sections


def entries(lines):
    """[term, description] of a section of --help: the description is in column 30, below where
    the term is longer."""
    found = []
    for line, following in zip(lines, lines[1:] + [""]):
        if line.startswith(" " * 10):
            found[-1][1] = f"{found[-1][1]} {line.strip()}".strip()
        elif line[29:30] == " " and not following.startswith(" " * 10):
            found.append([line[:30].strip(), line[30:].strip()])
        else:
            found.append([line.strip(), ""])
    return found


def plain_term(term):
    """Without what the help says of the program's insides."""
    term = re.sub(r" (Excludes|Needs|Env): .*| REQUIRED| \.\.\.", "", term)
    term = re.sub(r"(INT|UINT|FLOAT)(:[A-Z ]+)?(?=$| )", "N", term)
    return term.replace(",", ", ", 1).replace(" TEXT", " VALUE").replace("VALUE:{", "{")


def bold(text):
    return f"\\fB{escape(text)}\\fR"


def options(sections):
    text = []
    for title in ("Positionals", "Options"):
        for term, description in entries(sections.get(title, [])):
            if term.startswith("-h,"):
                continue
            text += [".TP", bold(plain_term(term)), escape(description)]
    return text


def verbs(program, path=()):
    text = []
    for name, description in entries(help_of(program, *path).get("Subcommands", [])):
        sections = help_of(program, *path, name)
        text += [f".SS {escape(' '.join((*path, name)))}", escape(description) + "."]
        text += options(sections)
        text += verbs(program, (*path, name))
    return text


def keys(configuration):
    """Each section of the file, its comments as text and its values as they stand."""
    text, comment, comments_of_file = [], [], True
    for line in pathlib.Path(configuration).read_text(encoding="utf-8").splitlines():
        section = re.match(r"(?:# )?(\[+[a-z]+\]+)$", line)
        key = re.match(r"(?:# )?([a-z_]+) = ([^#]*)(?:#\s*(.*))?$", line)
        if section:
            text += [f".SH {section[1]}"]
            if comment and not comments_of_file:
                text += [escape(" ".join(comment))]
            if line.startswith("# "):
                text += [".PP", "Off until configured; for example:"]
            comment, comments_of_file = [], False
        elif key:
            text += [".TP", bold(f"{key[1]} = {key[2].strip()}"),
                     escape(" ".join(comment + ([key[3]] if key[3] else []))) or "\\&"]
            comment = []
        elif line.startswith("#"):
            comment.append(line[1:].strip())
        elif not line:
            comment = [] if comments_of_file else comment
    return text


def main():
    template, version, source, output = sys.argv[1:]
    page = pathlib.Path(template).read_text(encoding="utf-8").replace("@VERSION@", version)
    if "@OPTIONS@" in page:
        page = page.replace("@OPTIONS@", "\n".join(options(help_of(source))))
    if "@VERBS@" in page:
        page = page.replace("@VERBS@", "\n".join(verbs(source)))
    if "@KEYS@" in page:
        page = page.replace("@KEYS@", "\n".join(keys(source)))
    with open(output, "wb") as file:
        file.write(gzip.compress(page.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
