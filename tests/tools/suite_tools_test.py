#!/usr/bin/env python3
"""Shows that the tools around the suite find what they look for: scenario_names.py, repeated.py and
flaky_list.py."""

import pathlib
import tempfile
import unittest

import flaky_list
import repeated
import scenario_names


class ScenarioNames(unittest.TestCase):
    def problems(self, scenarios, readme=""):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "tests/integration").mkdir(parents=True)
            for name in scenarios:
                (root / "tests/integration" / f"{name}.py").write_text("")
            (root / "README.md").write_text(readme)
            return scenario_names.problems(root)

    def test_different_numbers_are_good(self):
        self.assertEqual(self.problems(["s01_one", "s02_two"], "`ctest -R s02_two`, s01"), [])

    def test_a_number_twice(self):
        found = self.problems(["s01_one", "s01_two"])
        self.assertEqual(found, ["s01_one and s01_two have the same number"])

    def test_a_scenario_that_is_not_there(self):
        self.assertEqual(self.problems(["s01_one"], "run s02_gone"),
                         ["README.md names s02_gone, which is not there"])

    def test_an_empty_folder(self):
        self.assertEqual(len(self.problems([])), 1)


LOG = """
 1/4 Test  #1: unit_base ........................   Passed    0.50 sec
 2/4 Test #12: s09_rules ........................{rules}   12.00 sec
 3/4 Test #13: s02_real_people ..................***Skipped   0.10 sec
 4/4 Test #14: s03_kill .........................***Timeout 1500.02 sec
"""


class Repeated(unittest.TestCase):
    def test_flaky_and_failing_tests_are_told_apart(self):
        runs = [repeated.results(LOG.format(rules=rules)) for rules in ("   Passed", "***Failed")]
        self.assertEqual(len(runs[0]), 4)
        flaky, always, longest = repeated.compare(runs)
        self.assertEqual((flaky, always), ({"s09_rules": 1}, ["s03_kill"]))
        self.assertEqual(longest[0], ("s03_kill", 1500.02))

    def test_a_crash_is_a_failure(self):
        line = " 1/1 Test #1: unit_base ...***Exception: SegFault  0.10 sec\n"
        self.assertEqual(repeated.results(line), {"unit_base": (False, 0.1)})


class FlakyList(unittest.TestCase):
    def noted(self, *runs):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a" / "flaky.txt"
            for names in runs:
                answer = flaky_list.note(path, "now", names)
            return answer

    def test_fewer_than_five_runs_are_not_judged(self):
        self.assertEqual(self.noted(["s09_rules"], [], [], []), (4, {"s09_rules": 1}, True))

    def test_after_five_runs_the_list_must_be_empty(self):
        self.assertEqual(self.noted(["s09_rules"], [], ["s09_rules"], [], []),
                         (5, {"s09_rules": 2}, False))
        self.assertEqual(self.noted([], ["s09_rules"], [], [], []), (5, {"s09_rules": 1}, True))
        self.assertEqual(self.noted([], [], [], [], []), (5, {}, True))

    def test_five_clean_runs_clear_it(self):
        self.assertEqual(self.noted(["s09_rules"], [], [], [], [], []), (5, {}, True))


if __name__ == "__main__":
    unittest.main()
