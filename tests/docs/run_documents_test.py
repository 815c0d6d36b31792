#!/usr/bin/env python3
"""Each fault of a document that the test `documents` is there for makes it fail."""

import pathlib
import tempfile
import unittest

import checks
import facts
from box import Box, Wrong, fits, matches_lines
from document import read_document
from run_documents import alert, find_documents

TRUE = {document.name: document for document in find_documents(facts.SOURCE)}


def changed(name, old, new):
    """The real documents, one of them with other words."""
    text = TRUE[name].text
    if old not in text:
        raise AssertionError(f"{name} has no {old!r}: the test is out of date")
    return [*(one for one in TRUE.values() if one.name != name),
            read_document(name, text.replace(old, new, 1))]


def said(problems):
    return "\n".join(f"{document.name}:{line}: {what}" for document, line, what in problems)


class Shape(unittest.TestCase):
    def wrong(self, text, what, name="tests/README.md"):
        self.assertRegex(said(checks.check_shape([read_document(name, text)])), what)

    def test_what_is_right_passes(self):
        text = ("# T\n\n- a list\n  that goes on\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n"
                "```sh\ntrue\n```\n")
        self.assertEqual(said(checks.check_shape([read_document("README.md", text)])), "")

    def test_a_long_readme(self):
        self.wrong("word " * 1401, "bytes long", "README.md")

    def test_a_long_cell(self):
        self.wrong(f"| a |\n|---|\n| {'x' * 101} |\n", ":3: a cell of 101")

    def test_a_link_target_does_not_make_a_cell_long(self):
        text = f"| a |\n|---|\n| [x](https://{'x' * 101}) |\n"
        self.assertEqual(said(checks.check_shape([read_document("a.md", text)])), "")

    def test_a_row_with_a_cell_too_many(self):
        self.wrong("| a | b |\n|---|---|\n| 1 | 2 | 3 |\n", ":3: 3 cells under 2")

    def test_a_block_without_a_language(self):
        self.wrong("```\nls\n```\n", "language ''")

    def test_a_block_of_an_unknown_language(self):
        self.wrong("```perl\nls\n```\n", "language 'perl'")

    def test_a_block_that_is_not_closed(self):
        self.wrong("```sh\nls\n", "not closed")

    def test_an_indented_block(self):
        self.wrong("text\n\n    ls -l\n", ":3: an indented block")


class Sentences(unittest.TestCase):
    def wrong(self, text):
        return said(checks.check_sentences([read_document("a.md", text)]))

    def test_plain_ones_pass(self):
        self.assertEqual(self.wrong("The core runs.\n\n- What is it?\n\n```text\nOf old\n```\n"), "")

    def test_a_long_one(self):
        self.assertIn(":3: a sentence of 46 words", self.wrong("A.\n\n" + "word " * 46))

    def test_one_that_begins_with_its_end(self):
        for text in ("Of the cameras it knows one.", "It runs. What is lost comes again.",
                     "- Even when none exist."):
            self.assertIn("begins with its end", self.wrong(text), text)


class NotRun(unittest.TestCase):
    def reasons(self, text):
        return [block.not_run for block in read_document("a.md", text).blocks]

    def test_a_note_counts_for_the_next_block_only(self):
        block = "```sh\nls\n```\n\n"
        self.assertEqual(self.reasons(f"*Not run: no disk.*\n\n{block}{block}"), ["no disk.", ""])
        self.assertEqual(self.reasons(f"*Not run: no disk.*\n\ntext\n\n{block}"), [""])

    def test_a_note_of_a_section_ends_with_it(self):
        text = ("# A\n\n## B\n\n*Not run in this section: it takes\nhours.*\n\n### C\n\n"
                "```sh\nls\n```\n\n## D\n\n```sh\nls\n```\n")
        self.assertEqual(self.reasons(text), ["it takes hours.", ""])


class Names(unittest.TestCase):
    def links(self, text):
        document = read_document("config/README.md", text)
        problems = checks.check_links([document, TRUE["README.md"]], facts.SOURCE)
        return said(one for one in problems if one[0] is document)

    def test_links(self):
        self.assertEqual(self.links("# A b\n[x](#a-b) [y](../README.md#try-it) [z](maitred.toml)"),
                         "")
        self.assertIn("leads to nothing", self.links("[x](nothing.md)"))
        self.assertIn("leads to no heading", self.links("[x](#nothing)"))
        self.assertIn("is dead", self.links("[x](../quickstart.sh)"))
        self.assertIn("leads to no heading", self.links("[x](../README.md#nothing)"))

    def test_files(self):
        def of(text):
            return said(checks.check_paths([read_document("a.md", text)], facts.SOURCE))
        self.assertEqual(of("`src/README.md` and `tests/docs`"), "")
        self.assertIn("src/nothing.cpp is not there", of("`src/nothing.cpp`"))
        self.assertIn("tests/tools/nothing.py is not there", of("```sh\ntests/tools/nothing.py\n```"))

    def commands(self, text):
        return said(checks.check_commands([read_document("a.md", text)]))

    def test_verbs_and_options(self):
        good = ("`maitredctl key slot add --passphrase`, `maitredctl consent ID withdraw`, "
                "`maitredctl --json list`, `maitredctl -c FILE forget ID --receipt F`")
        self.assertEqual(self.commands(good), "")
        self.assertIn("has no verb dance", self.commands("`maitredctl dance`"))
        self.assertIn("has no verb key dance", self.commands("`maitredctl key dance`"))
        self.assertIn("list has no option --dance", self.commands("`maitredctl list --dance`"))
        self.assertIn("forget has no option --dance",
                      self.commands("```sh\nmaitredctl forget $ID \\\n    --dance F\n```"))

    def test_other_programs_and_variables(self):
        self.assertEqual(self.commands("`maitred -c F --check`, `maitred-eye --photo`, "
                                       "`$MAITRED_CONFIG`"), "")
        self.assertIn("maitred has no option --dance", self.commands("`maitred --dance`"))
        self.assertIn("maitred-eye has no option --dance", self.commands("`maitred-eye --dance`"))
        self.assertIn("nothing reads the variable", self.commands("`$MAITRED_" + "DANCE`"))

    def test_shell(self):
        self.assertIn("is no shell", self.commands("```sh\nif true; then\n```"))

    def test_presets_tests_and_programs(self):
        def of(text):
            return said(checks.check_tools([read_document("a.md", text)]))
        self.assertEqual(of("`cmake --preset asan`, `ctest --preset release -R s06_staff -V`"), "")
        self.assertIn("no preset dance", of("`cmake --preset dance`"))
        self.assertIn("no test is called dance", of("`ctest --preset release -R dance`"))
        self.assertIn("no program unit_dance", of("`build/release/bin/unit_dance`"))


class Lists(unittest.TestCase):
    """A thing that is not described, and a description of nothing."""

    def test_settings(self):
        name = "config/README.md"
        check = checks.check_settings
        self.assertEqual(said(check(list(TRUE.values()))), "")
        self.assertIn("visits.holdout is not described",
                      said(check(changed(name, "| `holdout` |", "| holdout |"))))
        self.assertIn("describes the key visits.dance",
                      said(check(changed(name, "| `holdout` |", "| `holdout` `dance` |"))))
        self.assertIn('default of visits.cooldown is "4h"',
                      said(check(changed(name, '`"4h"`', '`"5h"`'))))
        self.assertIn("no key visits.dance",
                      said(check(changed("README.md", "## Limits", "## Limits\n`visits.dance`"))))

    def test_verbs(self):
        name = "src/ctl/README.md"
        self.assertEqual(said(checks.check_verbs(list(TRUE.values()))), "")
        self.assertIn("the verb forget is not described",
                      said(checks.check_verbs(changed(name, "| `forget` |", "| forget |"))))
        self.assertIn("describes the verb forget all",
                      said(checks.check_verbs(changed(name, "| `forget` |", "| `forget all` |"))))

    def test_levels(self):
        name = "src/README.md"
        self.assertEqual(said(checks.check_levels(list(TRUE.values()))), "")
        self.assertIn("room types (level 1) is not described",
                      said(checks.check_levels(changed(name, "| 1 | `types` |", "| 2 | `types` |"))))

    def test_calls(self):
        name = "src/doors/api/README.md"
        self.assertEqual(said(checks.check_api(list(TRUE.values()))), "")
        self.assertIn("customers/{customer} is not described",
                      said(checks.check_api(changed(name, "| `PATCH /v1", "| `PUT /v1"))))

    def test_metrics_and_events(self):
        true = list(TRUE.values())
        self.assertIn("the metric maitred_dance is not described",
                      said(checks.check_metrics(true, {"maitred_dance"})))
        self.assertIn("there is no metric maitred_visits_total",
                      said(checks.check_metrics(changed("README.md", "## Limits",
                                                        "## Limits\n`maitred_visits_total`"), ())))
        self.assertIn("the dashboard shows the metric maitred_visits_total",
                      said(checks.check_metrics(true, ())))
        self.assertIn("describes the metric maitred_visits_total",
                      said(checks.check_metrics(true, {"maitred_dance"})))
        self.assertIn("the event maitred.dance is not described",
                      said(checks.check_events(true, {"maitred.dance"})))
        self.assertIn("describes the event maitred.alert.new",
                      said(checks.check_events(true, {"maitred.dance"})))


class Patterns(unittest.TestCase):
    def test_output(self):
        self.assertTrue(matches_lines(["a … c", "…", "d"], ["a b c", "x", "y", "d"]))
        self.assertTrue(matches_lines(["…"], []))
        self.assertTrue(matches_lines(["[a]*"], ["[a]*"]))
        self.assertFalse(matches_lines(["[a]*"], ["a"]))
        self.assertFalse(matches_lines(["a"], ["a", "b"]))
        self.assertFalse(matches_lines(["a", "b"], ["a"]))

    def test_values(self):
        names = {}
        fits({"a": "…", "b": [1, "<x>/1"], "c": "<x>"}, {"a": 3, "b": [1, "k/1"], "c": "k"}, names)
        self.assertEqual(names, {"<x>": "k"})
        for example, real in (({"a": 1}, {"a": 2}), ({"a": 1}, {"a": 1, "b": 1}), ({"a": 1}, {}),
                              ([1], [1, 2]), (True, 1), ("<x>", "other"), ("a…", "b")):
            with self.assertRaises(Wrong, msg=f"{example} {real}"):
                fits(example, real, {"<x>": "k"})


class Blocks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.media = tempfile.TemporaryDirectory(prefix="maitred-doc-media-")
        cls.addClassCleanup(cls.media.cleanup)
        cls.box = Box(pathlib.Path(cls.media.name))
        cls.addClassCleanup(cls.box.close)
        alert(cls.box)

    def run_block(self, text):
        self.box.run(read_document("a.md", text).blocks[0])

    def wrong(self, text, what):
        with self.assertRaisesRegex(Wrong, what):
            self.run_block(text)

    def test_shell(self):
        self.run_block("```sh\nX=1\nf() { maitredctl show $ID; }\n```\n")
        self.run_block("```sh\n[ $X = 1 ]\nf\n```\n")
        self.run_block("```sh status=1\nfalse\n```\n")
        self.wrong("```sh\nfalse\ntrue\n```\n", "ends with status 1")
        self.wrong("```sh\nmaitredctl show nobody\n```\n", "ends with status 2")
        self.wrong("```sh status=1\ntrue\n```\n", "ends with status 0")

    def test_console(self):
        self.run_block("```console\n$ echo a b\na …\n$ true\n```\n")
        self.wrong("```console\n$ echo a\nb\n```\n", "says\na")
        self.wrong("```console\n$ true\nb\n```\n", "status 0")

    def test_configuration(self):
        self.run_block("```toml\n[visits]\ncooldown = \"2h\"\n```\n")
        self.wrong("```toml\n[visits]\ndance = 1\n```\n", "dance")
        self.wrong("```toml\n[visits]\ncooldown = 1\n```\n", "cooldown")
        self.wrong("```toml\n[visits\n```\n", "no TOML")
        self.wrong("```toml\n[[webhook]]\nurl = \"http://a/\"\nsecret_file = \"none\"\n```\n",
                   "none")

    def test_json(self):
        self.run_block("```json\n{\"a\": 1}\n```\n")
        self.wrong("```json\n{\"a\": 1,}\n```\n", "no JSON")

    def test_events(self):
        event = '{"specversion":"1.0","type":"maitred.alert.new","data":{"…":"…"},"…":"…"}'
        self.run_block(f"```json\n{event}\n```\n")
        self.wrong("```json\n" + event.replace('"data":{"…":"…"}', '"data":{}') + "\n```\n", "data")

    def test_staff(self):
        self.run_block('```staff\nS {"type":"hello","protocol":1,"server":"…","store":"…",'
                       '"started":"…"}\n'
                       'C {"type":"ping"}\nS {"type":"pong"}\n```\n')
        self.wrong('```staff\nC {"type":"ping"}\nS {"type":"dance"}\n```\n', "pong")
        self.wrong('```staff\nping\n```\n', 'begins with "C " or "S "')


if __name__ == "__main__":
    unittest.main(verbosity=1)
