#!/usr/bin/env python3
"""Shows that include_graph.py fails where it should: on made-up trees with one fault each."""

import pathlib
import tempfile
import unittest

import include_graph

GOOD = {
    "include/maitred/base/result.h": "// Errors.\n#pragma once\n#include <string>\n",
    "include/maitred/types/face.h": '// A face.\n#include "maitred/base/result.h"\n',
    "include/maitred/eye/tracking/tracker.h": '// Tracks.\n#include "maitred/types/face.h"\n',
    "include/maitred/eye/inference/network.h": "// A network.\n",
    "include/maitred/eye/vision/yunet.h": '// Faces.\n#include "maitred/eye/inference/network.h"\n',
    "include/maitred/shop/store/store.h": "// A store.\n",
    "include/maitred/eye/watch/watch.h": '// The eye.\n#include "maitred/eye/vision/yunet.h"\n',
    "src/eye/tracking/tracker.cpp": '#include "maitred/eye/tracking/tracker.h"\n#include "cost.h"\n',
    "src/eye/tracking/cost.h": "#include <vector>\n",
    "src/eye/main.cpp": '#include "maitred/eye/watch/watch.h"\n',
}


class IncludeGraph(unittest.TestCase):
    def problems(self, **changes):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            for name, text in {**GOOD, **changes.get("files", {})}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return include_graph.problems(root)

    def assert_problem(self, name, text, said):
        found = self.problems(files={name: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(said, found[0])

    def test_a_good_tree_has_no_problems(self):
        self.assertEqual(self.problems(), [])

    def test_an_arrow_upwards(self):
        self.assert_problem("src/types/face.cpp", '#include "maitred/eye/tracking/tracker.h"\n',
                            "types must not include eye/tracking")

    def test_an_arrow_within_a_level(self):
        self.assert_problem("src/eye/tracking/more.cpp", '#include "maitred/shop/store/store.h"\n',
                            "eye/tracking must not include shop/store")

    def test_an_arrow_from_a_lower_room_of_the_eye(self):
        self.assert_problem("src/eye/inference/more.cpp", '#include "maitred/eye/vision/yunet.h"\n',
                            "eye/inference must not include eye/vision")

    def test_the_eye_never_sees_the_store_nor_the_core_pixels(self):
        self.assert_problem("src/eye/watch/more.cpp", '#include "maitred/shop/store/store.h"\n',
                            "eye/watch must not include shop/store")
        self.assert_problem("src/daemon/more.cpp", '#  include <maitred/eye/vision/yunet.h>\n',
                            "daemon must not include eye/vision")

    def test_a_module_nobody_put_in_the_table(self):
        self.assert_problem("src/utils/x.cpp", "int x;\n", "not in the level table")

    def test_a_header_that_is_not_there(self):
        self.assert_problem("src/types/x.cpp", '#include "maitred/base/gone.h"\n', "does not exist")

    def test_a_private_header_of_another_module(self):
        self.assert_problem("src/types/x.cpp", '#include "../eye/tracking/cost.h"\n',
                            "no paths upwards")

        self.assert_problem("src/types/x.cpp", '#include "src/eye/tracking/cost.h"\n',
                            "another room's")

    def test_maitredctl_sees_no_server(self):
        self.assert_problem("src/ctl/verbs/x.cpp", '#include "maitred/doors/staff/staff_server.h"\n',
                            "it links no server")

    def test_a_folder_that_is_too_long(self):
        self.assert_problem("src/types/x.cpp", "//\n" * 2501, "2501 lines in one folder")

    def test_a_loop_of_headers(self):
        self.assert_problem("include/maitred/base/result.h",
                            '// Errors.\n#include "maitred/base/other.h"\n', "does not exist")
        found = self.problems(files={
            "src/eye/tracking/cost.h": '#include "more.h"\n',
            "src/eye/tracking/more.h": '#include "cost.h"\n'})
        self.assertEqual(len(found), 1, found)
        self.assertIn("loop: src/eye/tracking/cost.h -> src/eye/tracking/more.h", found[0])

    def test_a_public_header_without_a_word(self):
        self.assert_problem("include/maitred/base/silent.h", "#pragma once\n", "comment")

    def test_pure_modules_stay_pure(self):
        for header in ("<thread>", "<mutex>", "<fstream>", "<sys/socket.h>", "<spdlog/spdlog.h>",
                       "<sqlite3.h>", "<opencv2/core.hpp>", "<boost/asio/io_context.hpp>",
                       '"maitred/base/file.h"'):
            self.assert_problem("src/eye/tracking/more.cpp", f"#include {header}\n", "pure room")
        self.assertEqual(self.problems(files={
            "src/eye/tracking/more.cpp": "#include <spdlog/fmt/fmt.h>\n#include <fmt/format.h>\n"}), [])


if __name__ == "__main__":
    unittest.main()
